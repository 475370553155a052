import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { internal } from "../../../base/errors.ts";
import type { VolumeMount } from "../../../core/containers/container-mount.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import { RootDir } from "../../../os/linux/root-dir.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";
import type { ContainerParts } from "../parts.ts";
import { openSubpath } from "./open-subpath.ts";

/** Copies what is in a directory into an empty one, with owners, modes, times, links, devices and extended attributes. */
export type CopyTree = (source: string, target: string) => Promise<void>;

/** The volumes of a container that are to hold what its image has at their place. */
export function filledVolumes({ mounts }: ContainerRecord): VolumeMount[] {
  return mounts.filter((mount) => mount.type === "volume").filter(({ noCopy }) => !noCopy);
}

/**
 * Those of `volumes` that were empty hold what the image has at their place. `rootfs` is the container's, mounted. Done once,
 * when the container is created: a volume that its program empties stays empty.
 * Errors: internal (a volume that nobody named is to cover a file).
 */
export async function fillVolumes(
  parts: Pick<ContainerParts, "volumes" | "copyTree">,
  containerId: string,
  rootfs: string,
  volumes: readonly VolumeMount[],
): Promise<void> {
  using root = RootDir.open(rootfs);
  for (const mount of volumes) {
    if (mount.anonymous) checkNoFile(root, rootfs, mount.destination);
    using source = openDirectory(root, mount.destination);
    if (source) await fillMount(parts, containerId, source, mount);
  }
}

async function fillMount(
  parts: Pick<ContainerParts, "volumes" | "copyTree">,
  containerId: string,
  source: RootDir,
  mount: VolumeMount,
): Promise<void> {
  if (mount.subpath === "") {
    const put = (directory: string) => fillVolume(source, directory, parts.copyTree);
    await parts.volumes.fill(mount.name, containerId, put);
    return;
  }
  await parts.volumes.withMounted(mount.name, containerId, async (directory) => {
    using node = openSubpath(directory, mount.subpath);
    await fillVolume(source, node.procPath, parts.copyTree);
  });
}

/**
 * A directory that was empty holds what `source` has, with its owner and mode. One with anything in it is left alone.
 * After a crash in between the directory may be filled in part.
 */
export async function fillVolume(source: RootDir, directory: string, copyTree: CopyTree): Promise<void> {
  if ((await readdir(directory)).length > 0) return;
  // By descriptor: the path inside the image must not be resolved a second time.
  await copyTree(`/proc/self/fd/${source.fd}`, directory);
}

/** Errors: internal with docker's text where the image has something else than a directory at the volume's place. */
function checkNoFile(root: RootDir, rootfs: string, path: string): void {
  const found = root.statIfExists(path, { follow: true });
  if (!found || found.type === "directory") return;
  throw internal(`cannot mount volume over existing file, file exists ${join(rootfs, path)}`);
}

/** The image's directory at `path`, resolved inside the image; undefined where it has none there. */
function openDirectory(root: RootDir, path: string): RootDir | undefined {
  try {
    return root.openRoot(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
