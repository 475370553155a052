import { parseBinarySize } from "../../base/bytes.ts";
import { invalidArgument } from "../../base/errors.ts";
import { hasTreeQuotas } from "../../os/linux/project-quota.ts";
import { FolderSnapshotter, readDriverOptions, type SnapshotterOptions } from "../layers/mod.ts";
import { OVERLAY_FILES, OverlayFormat } from "./overlay-format.ts";
import { probeOverlay } from "./probe-overlay.ts";

/**
 * The driver `overlay2`, once a test mount has worked there. Errors: unavailable where overlayfs does not work on the
 * root's file system.
 */
export async function openOverlaySnapshotter(options: SnapshotterOptions): Promise<FolderSnapshotter> {
  const sizeBytes = readOptions(options);
  const { backingFilesystem, supportsDType } = await probeOverlay(options.root);
  const limitsTrees = await hasTreeQuotas(options.root);
  if (sizeBytes > 0 && !limitsTrees) throw noTreeQuotas(backingFilesystem);
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
      ...(limitsTrees && { limits: { defaultBytes: sizeBytes === 0 ? undefined : sizeBytes } }),
    },
    options.workers,
  );
  return new FolderSnapshotter(options, format);
}

function noTreeQuotas(backingFilesystem: string): Error {
  return invalidArgument(
    backingFilesystem === "xfs"
      ? "Storage option overlay2.size not supported. Filesystem does not support Project Quota: Filesystem does not support, or has not enabled quotas"
      : `Storage Option overlay2.size only supported for backingFS XFS. Found ${backingFilesystem}`,
  );
}

/** The size that every container is to be limited to; 0 for none. */
function readOptions({ driverOptions = [], log }: SnapshotterOptions): number {
  let sizeBytes = 0;
  readDriverOptions(
    driverOptions,
    {
      "overlay2.size": (value) => {
        sizeBytes = parseBinarySize(value);
      },
      "overlay2.override_kernel_check": () =>
        log?.warn(
          {},
          "DEPRECATED: the overlay2.override_kernel_check option is ignored and will be removed in the next release. You can safely remove this option from your configuration.",
        ),
    },
    (key) => `overlay2: unknown option ${key}`,
  );
  return sizeBytes;
}
