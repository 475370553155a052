import { readFileSync, writeFileSync } from "node:fs";

/** Names the plan of a daemon: a file with `<name of the plan> <number>`. */
export const PLAN_VARIABLE = "GANTRY_CRASH_PLAN";

const planPath = process.env[PLAN_VARIABLE];
let current = "";
let seen = 0;

function readPlan(): { readonly name: string; readonly crashAt: number } | undefined {
  if (planPath === undefined) return undefined;
  try {
    const [name = "", crashAt] = readFileSync(planPath, "utf8").split(" ");
    return { name, crashAt: Number(crashAt) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Stands before each thing the daemon does that is still there after its end. While there is a plan such effects are
 * counted, and instead of the one with the plan's number the process dies as by `kill -9`; what it would have been is
 * in the file `<plan>.hit` then.
 */
export function beforeEffect(describe: () => string): void {
  const plan = readPlan();
  if (!plan) return;
  if (plan.name !== current) {
    current = plan.name;
    seen = 0;
  }
  seen++;
  if (seen !== plan.crashAt) return;
  writeFileSync(`${planPath}.hit`, describe());
  process.kill(process.pid, "SIGKILL");
}

/** `work`, counted as an effect each time that it is called. */
export function effect<A extends readonly unknown[], R>(
  name: string,
  work: (...args: A) => R,
): (...args: A) => R {
  return (...args) => {
    beforeEffect(() => `${name} ${args.filter((arg) => typeof arg === "string").join(" ")}`);
    return work(...args);
  };
}
