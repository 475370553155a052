import { createHash } from "node:crypto";

const DEFAULT_DATA_ROOT = "/var/lib/gantry";
const DIGITS = 8;

/**
 * The cgroup above all containers of the engine with that data root. Programs look for `docker` in their cgroup's
 * path to learn that they are in a container; engines beside the default one add their own mark.
 */
export function deriveCgroupParent(dataRoot: string): string {
  if (dataRoot === DEFAULT_DATA_ROOT) return "/docker";
  const mark = createHash("sha256").update(dataRoot).digest("hex").slice(0, DIGITS);
  return `/docker-${mark}`;
}
