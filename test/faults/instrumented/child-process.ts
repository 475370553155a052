import * as processes from "node:child_process";
import { beforeEffect } from "./effect.ts";

// What is named below takes the place of what the star brings.
export * from "node:child_process";

export function spawn(
  command: string,
  args: readonly string[],
  options: processes.SpawnOptions,
): processes.ChildProcess {
  beforeEffect(() => `spawn ${command} ${args.join(" ")}`);
  return processes.spawn(command, args, options);
}
