import { chmod, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import type {
  ApplyTarget,
  SnapshotChange,
  SnapshotMount,
  SnapshotOptions,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";
import { syncFilesystem } from "../../os/linux/sync-filesystem.ts";
import type { LayerWorkers, SnapshotFormat, SnapshotPlace } from "../layers/mod.ts";

/**
 * Snapshots as full copies of their parents: slow and large, but at home on every file system. Where the file system can
 * share blocks between files (btrfs, XFS, bcachefs), contents are not copied. A view shows its parent's directory itself.
 */
export class VfsFormat implements SnapshotFormat {
  readonly name = "vfs";
  readonly #workers: LayerWorkers;

  constructor(workers: LayerWorkers) {
    this.#workers = workers;
  }

  async status(): Promise<ReadonlyArray<readonly [label: string, value: string]>> {
    return [];
  }

  checkOptions({ storageOptions = {} }: SnapshotOptions): void {
    if (Object.keys(storageOptions).length > 0)
      throw invalidArgument("--storage-opt is not supported for vfs");
  }

  async create({ directory, parents }: SnapshotPlace): Promise<void> {
    const target = filesOf(directory);
    await mkdir(target, { mode: 0o755 });
    await chmod(target, 0o755);
    const source = parents[0];
    if (source) await this.#workers.run("copy", { source: filesOf(source), target });
  }

  async mounts({ kind, directory, parents }: SnapshotPlace): Promise<readonly SnapshotMount[]> {
    const isView = kind === "view";
    return [{ type: "bind", source: filesOf(isView ? parents[0]! : directory), readOnly: isView }];
  }

  async applyTarget({ directory }: SnapshotPlace): Promise<ApplyTarget> {
    return { directory: filesOf(directory), whiteouts: "direct" };
  }

  async seal(): Promise<void> {}

  async measure({ directory }: SnapshotPlace): Promise<SnapshotUsage> {
    return await this.#workers.run("measure", { directory: filesOf(directory) });
  }

  async changes({ directory, parents }: SnapshotPlace): Promise<SnapshotChange[]> {
    return await this.#workers.run("compare", {
      directory: filesOf(directory),
      parent: parents[0] && filesOf(parents[0]),
    });
  }

  async directories(): Promise<undefined> {}

  async sync(root: string): Promise<void> {
    await syncFilesystem(root);
  }

  async discard(directory: string): Promise<void> {
    await rm(directory, { recursive: true, force: true });
  }

  async reconcile(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Where a snapshot's whole tree is. */
export function filesOf(directory: string): string {
  return join(directory, "fs");
}
