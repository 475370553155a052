import { readdir } from "node:fs/promises";
import { RootDir } from "../../../os/linux/root-dir.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";

/** Copies what is in a directory into an empty one, with owners, modes, times, links, devices and extended attributes. */
export type CopyTree = (source: string, target: string) => Promise<void>;

/**
 * A volume that was empty holds what the image has at `destination`, and the directory's owner and mode. A volume with
 * anything in it is left alone. After a crash in between the volume may be filled in part, as with dockerd.
 */
export async function fillVolume(
  rootfs: string,
  destination: string,
  volumeDirectory: string,
  copyTree: CopyTree,
): Promise<void> {
  if ((await readdir(volumeDirectory)).length > 0) return;
  using root = RootDir.open(rootfs);
  using source = openDirectory(root, destination);
  if (!source) return;
  // By descriptor: the path inside the image must not be resolved a second time.
  await copyTree(`/proc/self/fd/${source.fd}`, volumeDirectory);
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
