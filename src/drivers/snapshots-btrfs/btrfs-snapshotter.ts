import { mkdir } from "node:fs/promises";
import { parseBinarySize } from "../../base/bytes.ts";
import { unavailable } from "../../base/errors.ts";
import { enableSubvolumeQuotas } from "../../os/linux/btrfs.ts";
import { statFilesystem } from "../../os/linux/statfs.ts";
import { FolderSnapshotter, readDriverOptions, type SnapshotterOptions } from "../layers/mod.ts";
import { BtrfsFormat } from "./btrfs-format.ts";

/** The driver `btrfs`. Errors: unavailable where `root` is on another file system; invalidArgument for its options. */
export async function openBtrfsSnapshotter(options: SnapshotterOptions): Promise<FolderSnapshotter> {
  const { root, workers, driverOptions = [] } = options;
  await mkdir(root, { recursive: true, mode: 0o700 });
  if (statFilesystem(root).type !== "btrfs") {
    throw unavailable("prerequisites for driver not satisfied (wrong filesystem?)");
  }
  let minSizeBytes: number | undefined;
  const setMinimum = (value: string) => {
    minSizeBytes = parseBinarySize(value);
  };
  readDriverOptions(driverOptions, { "btrfs.min_space": setMinimum }, (key) => `unknown option ${key}`);
  if (minSizeBytes !== undefined) await enableSubvolumeQuotas(root);
  return new FolderSnapshotter(options, new BtrfsFormat(workers, minSizeBytes ?? 0));
}
