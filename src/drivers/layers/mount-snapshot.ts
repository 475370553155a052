import { internal } from "../../base/errors.ts";
import type { SnapshotMount } from "../../core/snapshots/snapshotter.ts";
import { mountFuseOverlay } from "../../os/linux/fuse-overlay-mount.ts";
import { bindMount, unmount } from "../../os/linux/mount.ts";
import { mountOverlay } from "../../os/linux/overlay-mount.ts";

/**
 * Options of every overlay, whatever the kernel's defaults are: a layer's own directory must explain all its changes by
 * itself (no redirects, no files without their contents), and may be part of many overlays at once (no index).
 */
export const OVERLAY_OPTIONS: Readonly<Record<string, string>> = {
  index: "off",
  metacopy: "off",
  redirect_dir: "off",
};

/**
 * The snapshot is visible at `target`, an existing directory. Mounts are made in order, on other threads; where one
 * fails, those before it are taken away. Errors: SyscallError.
 */
export async function mountSnapshot(mounts: readonly SnapshotMount[], target: string): Promise<void> {
  let made = 0;
  try {
    for (const each of mounts) {
      await mountOne(each, target);
      made++;
    }
  } catch (error) {
    for (; made > 0; made--) await unmount(target, { detach: true });
    throw error;
  }
}

/**
 * Nothing is mounted at `target` any more, however often it was. The mount goes out of sight at once, and as a whole
 * when its last user is gone. Idempotent.
 */
export async function unmountSnapshot(target: string): Promise<void> {
  while (await unmount(target, { detach: true }));
}

async function mountOne(request: SnapshotMount, target: string): Promise<void> {
  const { type, source, readOnly } = request;
  switch (type) {
    case "bind":
      return await bindMount({ source, target, readOnly });
    case "overlay":
    case "fuse-overlayfs": {
      const { lowerDirs, upperDir, workDir } = request;
      if (!lowerDirs) throw internal("an overlay mount needs lower directories");
      const writable =
        upperDir !== undefined && workDir !== undefined ? { upper: upperDir, work: workDir } : {};
      const overlay = { target, lower: lowerDirs, ...writable };
      if (type === "fuse-overlayfs") return await mountFuseOverlay(overlay);
      return await mountOverlay({ ...overlay, readOnly, options: OVERLAY_OPTIONS });
    }
  }
}
