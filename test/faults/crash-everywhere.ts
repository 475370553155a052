import { type CrashingEngine, type CrashingEngineOptions, startCrashingEngine } from "./crashing-engine.ts";
import { expectResidue, takeResidue } from "./residue.ts";

/** How far the verb came in one run. */
export interface Outcome<T> {
  /** What the daemon died before doing; undefined where the verb came through and the daemon was killed after it. */
  readonly diedBefore: string | undefined;
  /** What the verb answered. */
  readonly answer: T;
}

/** A verb and what has to hold whenever its daemon is killed. */
export interface Scenario<T> {
  readonly engine?: Partial<CrashingEngineOptions>;
  /** Of how many effects a normal run takes one, where the usual third would take too long. */
  readonly stride?: number;
  /** Once for an engine, before its residue is noted. */
  setUp?(crashing: CrashingEngine): Promise<void>;
  /** Brings the engine to where the verb begins. */
  prepare?(crashing: CrashingEngine): Promise<void>;
  /** Does what is to be interrupted; with a dead daemon it just ends. */
  verb(crashing: CrashingEngine): Promise<T>;
  /** Throws where something is not as it should be after the crash and a normal start. */
  check(crashing: CrashingEngine, outcome: Outcome<T>): Promise<void>;
}

/** Two cores are common even on small machines, and an engine that starts keeps one busy. */
const ENGINES = 2;
/**
 * A normal run takes every third effect, which is enough to see a step that leaves things behind; `GANTRY_CRASH_STRIDE=1`
 * takes every single one.
 */
const STRIDE = 3;

function strideOf({ stride = STRIDE }: { readonly stride?: number }): number {
  return Number(process.env["GANTRY_CRASH_STRIDE"] ?? stride);
}

/** No verb has as many effects: whoever gets there is in a loop. */
const MAX_EFFECTS = 500;

/** Ids of all containers by whether they run. */
export async function containersOf({ docker }: CrashingEngine) {
  const { stdout } = await docker(["ps", "--all", "--no-trunc", "--format", "{{.State}} {{.ID}}"]);
  const found = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "));
  const ids = (running: boolean) =>
    found.filter(([state]) => (state === "running") === running).map(([, id]) => id!);
  return { running: ids(true), resting: ids(false) };
}

async function removeAll(crashing: CrashingEngine): Promise<void> {
  const { running, resting } = await containersOf(crashing);
  const all = [...running, ...resting];
  if (all.length > 0) await crashing.docker(["rm", "--force", "--volumes", ...all]);
}

async function crashOnce<T>(
  crashing: CrashingEngine,
  scenario: Scenario<T>,
  crashAt: number,
): Promise<Outcome<T>> {
  await scenario.prepare?.(crashing);
  crashing.arm(crashAt);
  const answer = await scenario.verb(crashing);
  const outcome = { diedBefore: crashing.disarm(), answer };
  await crashing.engine.crash();
  try {
    await crashing.engine.restart();
  } catch (error) {
    throw new Error(`no start after ${describe(crashing, crashAt, outcome)}`, { cause: error });
  }
  return outcome;
}

function describe({ engine }: CrashingEngine, crashAt: number, { diedBefore }: Outcome<unknown>): string {
  const where = diedBefore?.replaceAll(engine.directory, "").slice(0, 200);
  return `crash ${crashAt}, before ${where ?? "the next verb"}`;
}

interface Shard {
  readonly reached: number;
  readonly failures: readonly string[];
}

/** Crashes at this engine's share of the effects, from `first` on, until the verb comes through. */
async function crashAtEvery<T>(scenario: Scenario<T>, first: number): Promise<Shard> {
  await using crashing = await startCrashingEngine({ image: true, ...scenario.engine });
  const { engine } = crashing;
  await scenario.setUp?.(crashing);
  const failures: string[] = [];
  let empty = await takeResidue(engine);
  for (let crashAt = first; crashAt < MAX_EFFECTS; crashAt += ENGINES * strideOf(scenario)) {
    const outcome = await crashOnce(crashing, scenario, crashAt);
    try {
      await scenario.check(crashing, outcome);
      await removeAll(crashing);
      await expectResidue(engine, empty);
    } catch (error) {
      failures.push(`${describe(crashing, crashAt, outcome)}: ${(error as Error).message}`);
      // The next crash is judged by itself.
      await removeAll(crashing);
      empty = await takeResidue(engine);
    }
    if (outcome.diedBefore === undefined) return { reached: crashAt, failures };
  }
  throw new Error(`the verb has more than ${MAX_EFFECTS} effects`);
}

/**
 * Kills the daemon before each single effect of a verb, starts it again each time and checks what it made of that.
 * How many effects the verb has. Rejects with the places of the crashes after which something was wrong.
 */
export async function crashEverywhere<T>(scenario: Scenario<T>): Promise<number> {
  const firsts = Array.from({ length: ENGINES }, (_, index) => 1 + index * strideOf(scenario));
  const shards = await Promise.all(firsts.map((first) => crashAtEvery(scenario, first)));
  const failures = shards.flatMap((shard) => shard.failures);
  if (failures.length > 0) throw new Error(failures.join("\n"));
  return Math.max(...shards.map(({ reached }) => reached)) - 1;
}
