import { spawnSync } from "node:child_process";
import type { PreparedCase, TimedCase } from "./cases/case.ts";
import type { RunningPeer } from "./peers/peer.ts";
import { type Summary, summarize } from "./stats.ts";

/** What one peer needed for one case: milliseconds, or why there is no number. */
export type Outcome = Summary | { readonly missing: string };

const WARM_UPS = 2;

function time(command: readonly string[]): number {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: "utf8" });
  const elapsedMs = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(stderr.trim() || `${command[0]} ended with ${status}`);
  return elapsedMs;
}

/**
 * Times a case on all peers, one run of each after the other, so that whatever else the machine does meets all alike.
 * A peer that fails is reported with its message and left out from there on.
 */
export function measureInterleaved(
  timed: TimedCase,
  peers: ReadonlyMap<string, RunningPeer>,
  runs: number,
): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  const series = new Map<string, number[]>();
  using stack = new DisposableStack();
  const active = new Map<string, PreparedCase>();

  const attempt = (name: string, step: () => void): void => {
    try {
      step();
    } catch (error) {
      outcomes.set(name, { missing: (error as Error).message.split("\n")[0]! });
      active.delete(name);
    }
  };

  for (const [name, peer] of peers) {
    attempt(name, () => {
      const ready = timed.prepare(peer);
      if (!ready) return void outcomes.set(name, { missing: "not applicable" });
      active.set(name, stack.use(ready));
      for (let run = 0; run < WARM_UPS; run++) time(ready.next());
    });
  }
  for (let run = 0; run < runs; run++) {
    for (const [name, ready] of [...active]) {
      attempt(name, () => series.set(name, [...(series.get(name) ?? []), time(ready.next())]));
    }
  }
  for (const name of active.keys()) outcomes.set(name, summarize(series.get(name)!));
  return outcomes;
}
