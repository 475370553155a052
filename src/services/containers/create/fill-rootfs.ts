import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ContainerParts } from "../parts.ts";
import { filledVolumes, fillVolumes } from "../run/fill-volume.ts";
import { makeWorkingDirectory } from "../run/working-directory.ts";

/**
 * A new container's files are there before it is started, for who copies to and from it: its working directory, and in empty
 * volumes what its image has at their place. Nothing stays mounted.
 * Errors: invalidArgument (a file is where the working directory is to be), internal (a volume is to cover a file).
 */
export async function fillRootfs(
  parts: Pick<ContainerParts, "volumes" | "rootfs" | "copyTree">,
  record: ContainerRecord,
): Promise<void> {
  const volumes = filledVolumes(record);
  const { WorkingDir: workingDirectory } = record.config;
  if (volumes.length === 0 && (!workingDirectory || workingDirectory === "/")) return;
  const rootfs = await parts.rootfs.mount(record.id);
  try {
    makeWorkingDirectory(rootfs, workingDirectory);
    await fillVolumes(parts, record.id, rootfs, volumes);
  } finally {
    await parts.rootfs.unmount(record.id);
  }
}
