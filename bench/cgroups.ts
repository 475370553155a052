import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "./peers/process.ts";

const CGROUP_ROOT = "/sys/fs/cgroup";

/** The cgroup that peers are told to put their containers in. */
export const CGROUP_PARENT = "/gantry-bench";

/** Cgroups that peers make at the top of each hierarchy and leave there. */
const LEFT_BEHIND = ["gantry-bench", "libpod_parent"];

/**
 * Mounts, for as long as the mount namespace of this process lives, each controller that a hybrid host left to its
 * v2 hierarchy as a v1 hierarchy: crun refuses to run beside such a one.
 */
export function prepareCgroups(): void {
  const unified = join(CGROUP_ROOT, "unified/cgroup.controllers");
  if (!existsSync(unified)) return;
  for (const controller of readFileSync(unified, "utf8").split(/\s+/).filter(Boolean)) {
    const path = join(CGROUP_ROOT, controller);
    mkdirSync(path, { recursive: true });
    runOrThrow(["mount", "-t", "cgroup", "-o", controller, controller, path]);
  }
}

/** The cgroups of `LEFT_BEHIND` that exist, deepest first. */
function leftBehind(): string[] {
  const hierarchies = [CGROUP_ROOT, ...readdirSync(CGROUP_ROOT).map((name) => join(CGROUP_ROOT, name))];
  const tops = hierarchies.flatMap((path) => LEFT_BEHIND.map((name) => join(path, name))).filter(existsSync);
  return tops.flatMap(withChildren);
}

function withChildren(path: string): string[] {
  const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((child) => withChildren(join(path, child.name))), path];
}

/** On disposal removes the cgroups that peers left behind and that were not there before. */
export function trackCgroups(): Disposable {
  const before = new Set(leftBehind());
  return {
    [Symbol.dispose]() {
      for (const path of leftBehind()) if (!before.has(path)) rmdirSync(path);
    },
  };
}
