import { readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../syscall-error.ts";
import type { CgroupWorld } from "./cgroup-world.ts";

/** The group's directory and those below it are gone. Control files go with their directory, so only rmdir works. */
export function removeGroupTree(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroupTree(join(directory, entry.name));
    }
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENODEV")) throw error;
  }
}

/**
 * The group at `path` is gone from every hierarchy, the unified one of a hybrid host among them. Idempotent.
 * Errors: EBUSY while processes are inside.
 */
export function removeGroupEverywhere(world: CgroupWorld, path: string): void {
  for (const root of rootsOf(world)) removeGroupTree(join(root, path));
}

/** The group at `path` is gone from each hierarchy where nothing is in it, no process and no group. Idempotent. */
export function removeGroupWhereIdle(world: CgroupWorld, path: string): void {
  for (const root of rootsOf(world)) {
    try {
      rmdirSync(join(root, path));
    } catch (error) {
      if (!isErrno(error, "EBUSY", "ENOTEMPTY", "ENOENT", "ENODEV")) throw error;
    }
  }
}

function rootsOf({ controllers, unified }: CgroupWorld): Set<string> {
  return new Set([...controllers.values(), ...(unified === undefined ? [] : [unified])]);
}
