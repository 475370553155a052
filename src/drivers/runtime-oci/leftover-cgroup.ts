import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { removeGroupEverywhere } from "../../os/linux/cgroup/cgroup-tree.ts";
import { detectCgroupWorld } from "../../os/linux/cgroup/cgroup-world.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { RuntimeSpec } from "../../spec/oci-runtime/mod.ts";

/**
 * The control group of a container that did not come to be is gone: crun (1.8) leaves it behind where a limit was
 * refused. Nothing happens where the document is not there or names a group that is not the container's alone.
 * Idempotent. Errors: EBUSY while processes are inside.
 */
export async function removeLeftoverCgroup(containerId: string, documentPath: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(documentPath, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  // A crash may have cut the document short; then no runtime has ever read it.
  const path = cgroupPathIn(text);
  if (path !== undefined && basename(path) === containerId) removeGroupEverywhere(detectCgroupWorld(), path);
}

function cgroupPathIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as RuntimeSpec).linux?.cgroupsPath;
  } catch {
    // See above.
    return undefined;
  }
}
