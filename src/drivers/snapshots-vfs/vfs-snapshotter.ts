import { unavailable } from "../../base/errors.ts";
import { FolderSnapshotter, readDriverOptions, type SnapshotterOptions } from "../layers/mod.ts";
import { VfsFormat } from "./vfs-format.ts";

/** The driver `vfs`. */
export function openVfsSnapshotter(options: SnapshotterOptions): FolderSnapshotter {
  readDriverOptions(
    options.driverOptions ?? [],
    {
      size: () => {
        throw unavailable("Filesystem does not support, or has not enabled quotas");
      },
    },
    (key) => `unknown option ${key} for vfs`,
  );
  return new FolderSnapshotter(options, new VfsFormat(options.workers));
}
