import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeControl } from "./cgroup-file.ts";
import type { CgroupWorld } from "./cgroup-world.ts";

/** Microseconds of each period that real-time processes may run; 0 leaves it as it is. */
export interface RealtimeShare {
  readonly periodUs: number;
  readonly runtimeUs: number;
}

/**
 * The group at `path` and all above it let their children have that share: none of them can have more than its parent.
 * Idempotent. For v1 hosts. Errors: the runtime's, EINVAL for more than a parent has left.
 * Source: kernel documentation, sched-rt-group.
 */
export function allowRealtime({ controllers }: CgroupWorld, path: string, share: RealtimeShare): void {
  const root = controllers.get("cpu");
  if (root === undefined || (share.periodUs === 0 && share.runtimeUs === 0)) return;
  let directory = root;
  for (const part of path.split("/").filter((name) => name !== "")) {
    directory = join(directory, part);
    mkdirSync(directory, { recursive: true });
    if (share.periodUs !== 0) writeControl(join(directory, "cpu.rt_period_us"), share.periodUs);
    if (share.runtimeUs !== 0) writeControl(join(directory, "cpu.rt_runtime_us"), share.runtimeUs);
  }
}
