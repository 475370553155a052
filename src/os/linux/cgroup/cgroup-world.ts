import { readFileSync } from "node:fs";
import { type MountRow, readMountInfo } from "../mountinfo.ts";

/**
 * How a host presents control groups. `v2`: one unified hierarchy has the controllers. `v1`: each controller has a
 * hierarchy of its own. `hybrid`: as v1, and a unified hierarchy without controllers of its own beside them. `none`: nothing mounted.
 */
export type CgroupMode = "v1" | "hybrid" | "v2" | "none";

export interface CgroupWorld {
  readonly mode: CgroupMode;
  /** Mount point of each v1 controller by its name; controllers mounted together share one. */
  readonly controllers: ReadonlyMap<string, string>;
  /** Mount point of the unified hierarchy. */
  readonly unified: string | undefined;
}

const DEFAULT_ROOT = "/sys/fs/cgroup";

export interface Controller {
  readonly name: string;
  /** 0 for a controller that no v1 hierarchy has. */
  readonly hierarchy: number;
  readonly enabled: boolean;
}

/** The controllers of /proc/cgroups. Source: cgroups(7). */
export function parseControllers(text: string): Controller[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name, hierarchy, , enabled] = line.split(/\s+/);
      return { name: name!, hierarchy: Number(hierarchy), enabled: enabled === "1" };
    });
}

/** The controllers this kernel has. */
export function readControllers(): Controller[] {
  return parseControllers(readFileSync("/proc/cgroups", "utf8"));
}

/** What the mounts say about control groups. */
export function detectCgroupWorld(rows: readonly MountRow[] = readMountInfo()): CgroupWorld {
  const controllers = new Map<string, string>();
  let unified: string | undefined;
  for (const row of rows) {
    if (row.fsType === "cgroup2") {
      // The usual place wins over a second mount of the same hierarchy elsewhere.
      if (unified === undefined || row.mountPoint.startsWith(DEFAULT_ROOT)) unified = row.mountPoint;
    } else if (row.fsType === "cgroup") {
      for (const option of row.superOptions) {
        if (isController(option) && !controllers.has(option)) controllers.set(option, row.mountPoint);
      }
    }
  }
  const hasV1 = [...controllers.keys()].some((name) => !name.startsWith("name="));
  let mode: CgroupMode = "none";
  if (hasV1) mode = unified === undefined ? "v1" : "hybrid";
  else if (unified !== undefined) mode = "v2";
  return { mode, controllers, unified };
}

const FILESYSTEM_OPTIONS = new Set(["rw", "ro", "xattr", "clone_children", "cpuset_v2_mode", "noprefix"]);

function isController(option: string): boolean {
  return !FILESYSTEM_OPTIONS.has(option) && !option.startsWith("release_agent=");
}
