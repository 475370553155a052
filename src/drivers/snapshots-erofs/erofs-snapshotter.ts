import { statFilesystem } from "../../os/linux/statfs.ts";
import { FolderSnapshotter, readDriverOptions, type SnapshotterOptions } from "../layers/mod.ts";
import { ErofsFormat } from "./erofs-format.ts";
import { LayerMounts } from "./layer-mounts.ts";
import { probeErofs } from "./probe-erofs.ts";

/** The driver `erofs`, once a test mount has worked. Errors: unavailable where the kernel or file system cannot do it. */
export async function openErofsSnapshotter(options: SnapshotterOptions): Promise<FolderSnapshotter> {
  const { root, workers } = options;
  readDriverOptions(options.driverOptions ?? [], {}, (key) => `erofs: unknown option ${key}`);
  await probeErofs(root, workers);
  const format = new ErofsFormat({
    status: [
      ["Backing Filesystem", statFilesystem(root).type],
      ["Native Overlay Diff", "true"],
    ],
    workers,
    mounts: new LayerMounts(root),
  });
  return new FolderSnapshotter(options, format);
}
