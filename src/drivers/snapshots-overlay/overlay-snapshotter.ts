import { FolderSnapshotter, type FolderSnapshotterOptions, type LayerWorkers } from "../layers/mod.ts";
import { OVERLAY_FILES, OverlayFormat } from "./overlay-format.ts";
import { probeOverlay } from "./probe-overlay.ts";

/**
 * The driver `overlay2`, once a test mount has worked there. Errors: unavailable where overlayfs does not work on the
 * root's file system.
 */
export async function openOverlaySnapshotter(
  options: FolderSnapshotterOptions & { readonly workers: LayerWorkers },
): Promise<FolderSnapshotter> {
  const { backingFilesystem, supportsDType } = await probeOverlay(options.root);
  const format = new OverlayFormat(
    {
      name: "overlay2",
      mountType: "overlay",
      status: [
        ["Backing Filesystem", backingFilesystem],
        ["Supports d_type", String(supportsDType)],
        // All three follow from the options that every overlay is mounted with.
        ["Using metacopy", "false"],
        ["Native Overlay Diff", "true"],
        ["userxattr", "false"],
      ],
      optionsRefusal: "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
      lowerName: OVERLAY_FILES,
    },
    options.workers,
  );
  return new FolderSnapshotter(options, format);
}
