import type { RunningPeer } from "../peers/peer.ts";

/** One thing that is timed: the wall clock of one command line. */
export interface TimedCase {
  readonly name: string;
  /** Prepares a peer; undefined where it cannot do this. What it returns is disposed of at the end. */
  prepare(peer: RunningPeer): PreparedCase | undefined;
}

export interface PreparedCase extends Disposable {
  /** The command line of the next measurement. */
  next(): readonly string[];
}

/** A case that needs nothing made before and removed after. */
export function prepared(next: () => readonly string[]): PreparedCase {
  return { next, [Symbol.dispose]() {} };
}
