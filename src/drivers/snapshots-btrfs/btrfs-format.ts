import { chmod, rm } from "node:fs/promises";
import { formatSize, parseBinarySize } from "../../base/bytes.ts";
import { invalidArgument } from "../../base/errors.ts";
import type {
  ApplyTarget,
  SnapshotChange,
  SnapshotMount,
  SnapshotOptions,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";
import {
  createSubvolume,
  destroySubvolume,
  enableSubvolumeQuotas,
  limitSubvolume,
  snapshotSubvolume,
} from "../../os/linux/btrfs.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { LayerWorkers, SnapshotFormat, SnapshotPlace } from "../layers/mod.ts";
import { filesOf, VfsFormat } from "../snapshots-vfs/mod.ts";

/** Every snapshot is a subvolume with its whole tree, which shares the blocks of its parent's; else as vfs has it. */
export class BtrfsFormat implements SnapshotFormat {
  readonly name = "btrfs";
  readonly #workers: LayerWorkers;
  readonly #trees: VfsFormat;
  readonly #minSizeBytes: number;

  /** `minSizeBytes`: the least that a container may be limited to. */
  constructor(workers: LayerWorkers, minSizeBytes: number) {
    this.#workers = workers;
    this.#trees = new VfsFormat(workers);
    this.#minSizeBytes = minSizeBytes;
  }

  async status(): Promise<ReadonlyArray<readonly [label: string, value: string]>> {
    return [["Btrfs", ""]];
  }

  checkOptions(options: SnapshotOptions): void {
    this.#limitOf(options);
  }

  async create({ directory, parents }: SnapshotPlace, options: SnapshotOptions): Promise<void> {
    const files = filesOf(directory);
    if (parents[0]) {
      await snapshotSubvolume(filesOf(parents[0]), files);
    } else {
      await createSubvolume(files);
      await chmod(files, 0o755);
    }
    const limitBytes = this.#limitOf(options);
    if (limitBytes === undefined) return;
    await enableSubvolumeQuotas(directory);
    await limitSubvolume(files, limitBytes);
  }

  mounts(place: SnapshotPlace): Promise<readonly SnapshotMount[]> {
    return this.#trees.mounts(place);
  }

  applyTarget(place: SnapshotPlace): Promise<ApplyTarget> {
    return this.#trees.applyTarget(place);
  }

  async seal(): Promise<void> {}

  /** Blocks that a snapshot shares with its parent are the parent's. */
  async measure({ directory, parents }: SnapshotPlace): Promise<SnapshotUsage> {
    return await this.#workers.run("measure", {
      directory: filesOf(directory),
      ...(parents[0] && { parent: filesOf(parents[0]) }),
    });
  }

  changes(place: SnapshotPlace): Promise<SnapshotChange[]> {
    return this.#trees.changes(place);
  }

  async directories(): Promise<undefined> {}

  sync(root: string): Promise<void> {
    return this.#trees.sync(root);
  }

  async discard(directory: string): Promise<void> {
    try {
      await destroySubvolume(filesOf(directory));
    } catch (error) {
      // Never made; or it holds a container's own subvolumes, which go file by file, as any directory does.
      if (!isErrno(error, "ENOENT", "ENOTEMPTY", "EINVAL")) throw error;
    }
    await rm(directory, { recursive: true, force: true });
  }

  async reconcile(): Promise<void> {}

  async close(): Promise<void> {}

  /** The space that a container may take; undefined for no limit. Errors: invalidArgument with docker's texts. */
  #limitOf({ storageOptions = {} }: SnapshotOptions): number | undefined {
    let limitBytes: number | undefined;
    for (const [key, value] of Object.entries(storageOptions)) {
      if (key.toLowerCase() !== "size") throw invalidArgument(`unknown option ${key.toLowerCase()}`);
      limitBytes = parseBinarySize(value);
    }
    if (limitBytes === 0) throw invalidArgument("btrfs: invalid storage size: 0B");
    if (limitBytes !== undefined && limitBytes < this.#minSizeBytes) {
      throw invalidArgument(`btrfs: storage size cannot be less than ${formatSize(this.#minSizeBytes)}`);
    }
    return limitBytes;
  }
}
