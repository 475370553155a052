import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { unavailable } from "../../base/errors.ts";
import { FUSE_OVERLAYFS } from "../../os/linux/fuse-overlay-mount.ts";
import { FolderSnapshotter, readDriverOptions, type SnapshotterOptions } from "../layers/mod.ts";
import { OVERLAY_FILES, OverlayFormat } from "../snapshots-overlay/mod.ts";

/**
 * The driver `fuse-overlayfs`: directories as overlay2 has them, mounted by a program in user space. For file systems that
 * overlayfs refuses. Errors: unavailable where the program or the kernel's part is missing.
 */
export function openFuseOverlayfsSnapshotter(options: SnapshotterOptions): FolderSnapshotter {
  readDriverOptions(options.driverOptions ?? [], {}, (key) => `fuse-overlayfs: unknown option ${key}`);
  checkPrerequisites();
  const format = new OverlayFormat(
    {
      name: "fuse-overlayfs",
      mountType: "fuse-overlayfs",
      status: [],
      optionsRefusal: "--storage-opt is not supported",
      lowerName: OVERLAY_FILES,
    },
    options.workers,
  );
  return new FolderSnapshotter(options, format);
}

function checkPrerequisites(): void {
  const refuse = (reason: string) => unavailable(`fuse-overlayfs is not supported: ${reason}`);
  const places = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, FUSE_OVERLAYFS));
  if (!places.some((path) => isAccessible(path, constants.X_OK)))
    throw refuse(`${FUSE_OVERLAYFS} is not in PATH; install the package of that name`);
  if (!isAccessible("/dev/fuse", constants.R_OK | constants.W_OK)) throw refuse("/dev/fuse cannot be opened");
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    // Missing or not for us: either way it is not usable.
    return false;
  }
}
