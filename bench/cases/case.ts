import type { RunningPeer } from "../peers/peer.ts";

/** One thing that is timed. */
export interface TimedCase {
  readonly name: string;
  /** The most runs that are worth their time, where that is fewer than asked for. */
  readonly mostRuns?: number;
  /** Prepares a peer; undefined where it cannot do this. What it returns is disposed of at the end. */
  prepare(peer: RunningPeer): PreparedCase | undefined | Promise<PreparedCase | undefined>;
}

/** What the clock runs for: a command line to its end, or a step of this program. */
export type Step = readonly string[] | (() => Promise<void>);

export interface PreparedCase extends AsyncDisposable {
  /** Makes, off the clock, what the next measurement needs, and says what is measured. */
  next(): Step | Promise<Step>;
}

/** A case that needs nothing made before and removed after. */
export function prepared(next: PreparedCase["next"]): PreparedCase {
  return { next, async [Symbol.asyncDispose]() {} };
}
