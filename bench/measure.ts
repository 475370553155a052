import { spawnSync } from "node:child_process";
import type { PreparedCase, Step, TimedCase } from "./cases/case.ts";
import type { RunningPeer } from "./peers/peer.ts";
import { type Summary, summarize } from "./stats.ts";

/** What one peer needed for one case: milliseconds, or why there is no number. */
export type Outcome = Summary | { readonly missing: string };

const WARM_UPS = 2;

function runCommand(command: readonly string[]): void {
  const { status, stderr } = spawnSync(command[0]!, command.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr.trim() || `${command[0]} ended with ${status}`);
}

async function time(step: Step): Promise<number> {
  const start = process.hrtime.bigint();
  if (typeof step === "function") await step();
  else runCommand(step);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/**
 * Times a case on all peers, one run of each after the other, so that whatever else the machine does meets all alike.
 * A peer that fails is reported with its message and left out from there on.
 */
export async function measureInterleaved(
  timed: TimedCase,
  peers: ReadonlyMap<string, RunningPeer>,
  mostRuns: number,
): Promise<Map<string, Outcome>> {
  const runs = Math.min(mostRuns, timed.mostRuns ?? mostRuns);
  const outcomes = new Map<string, Outcome>();
  const series = new Map<string, number[]>();
  await using stack = new AsyncDisposableStack();
  const active = new Map<string, PreparedCase>();

  const attempt = async (name: string, step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      outcomes.set(name, { missing: (error as Error).message.split("\n")[0]! });
      active.delete(name);
    }
  };

  for (const [name, peer] of peers) {
    await attempt(name, async () => {
      const ready = await timed.prepare(peer);
      if (!ready) return void outcomes.set(name, { missing: "not applicable" });
      active.set(name, stack.use(ready));
      // What takes seconds is warm after one.
      const warmUps = timed.mostRuns === undefined ? WARM_UPS : 1;
      for (let run = 0; run < warmUps; run++) await time(await ready.next());
      series.set(name, []);
    });
  }
  for (let run = 0; run < runs; run++) {
    for (const [name, ready] of [...active]) {
      await attempt(name, async () => void series.get(name)!.push(await time(await ready.next())));
    }
  }
  for (const name of active.keys()) outcomes.set(name, summarize(series.get(name)!));
  return outcomes;
}
