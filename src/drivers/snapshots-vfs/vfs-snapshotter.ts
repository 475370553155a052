import { FolderSnapshotter, type FolderSnapshotterOptions, type LayerWorkers } from "../layers/mod.ts";
import { VfsFormat } from "./vfs-format.ts";

/** The driver `vfs`. */
export function openVfsSnapshotter(
  options: FolderSnapshotterOptions & { readonly workers: LayerWorkers },
): FolderSnapshotter {
  return new FolderSnapshotter(options, new VfsFormat(options.workers));
}
