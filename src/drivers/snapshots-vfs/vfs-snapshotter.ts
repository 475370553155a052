import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { SnapshotRow, SnapshotRows } from "../../core/snapshots/snapshot-rows.ts";
import type {
  ApplyTarget,
  SnapshotChange,
  SnapshotInfo,
  SnapshotMount,
  Snapshotter,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";
import { type LayerWorkers, SnapshotFolders } from "../layers/mod.ts";

export interface VfsSnapshotterOptions {
  readonly root: string;
  readonly rows: SnapshotRows;
  readonly workers: LayerWorkers;
  readonly log?: Logger;
}

/**
 * Snapshots as full copies of their parents: slow and large, but at home on every file system. Where the file system can
 * share blocks between files (btrfs, XFS, bcachefs), contents are not copied. A view shows its parent's directory itself.
 */
export class VfsSnapshotter implements Snapshotter {
  readonly name = "vfs";
  readonly #folders: SnapshotFolders;
  readonly #rows: SnapshotRows;
  readonly #workers: LayerWorkers;

  constructor(options: VfsSnapshotterOptions) {
    this.#folders = new SnapshotFolders(options.root, options.rows, options.log);
    this.#rows = options.rows;
    this.#workers = options.workers;
  }

  async status(): Promise<ReadonlyArray<readonly [label: string, value: string]>> {
    return [];
  }

  async prepare(key: string, parent?: string): Promise<void> {
    const snapshot = { key, kind: "active" as const, ...(parent !== undefined && { parent }) };
    await this.#folders.add(snapshot, async (directory, row) => {
      const target = join(directory, "fs");
      await mkdir(target, { mode: 0o755 });
      await chmod(target, 0o755);
      const source = this.#parentOf(row);
      if (source) await this.#workers.run("copy", { source: this.#filesOf(source), target });
    });
  }

  async view(key: string, parent: string): Promise<void> {
    await this.#folders.add({ key, kind: "view", parent }, async () => {});
  }

  async commit(name: string, key: string): Promise<void> {
    this.#rows.commit(name, key);
  }

  async mounts(key: string): Promise<readonly SnapshotMount[]> {
    const row = this.#folders.get(key);
    if (row.kind === "committed") throw invalidArgument(`snapshot ${key} is committed and cannot be mounted`);
    const shown = row.kind === "view" ? this.#parentOf(row)! : row;
    return [{ type: "bind", source: this.#filesOf(shown), readOnly: row.kind === "view" }];
  }

  async applyTarget(key: string): Promise<ApplyTarget> {
    const row = this.#folders.get(key);
    if (row.kind !== "active") throw invalidArgument(`snapshot ${key} is not active`);
    return { directory: this.#filesOf(row), whiteouts: "direct" };
  }

  async stat(key: string): Promise<SnapshotInfo> {
    return this.#folders.info(key);
  }

  async usage(key: string): Promise<SnapshotUsage> {
    const row = this.#folders.get(key);
    if (row.usage) return row.usage;
    if (row.kind === "view") return { sizeBytes: 0, inodes: 0 };
    const usage = await this.#workers.run("measure", { directory: this.#filesOf(row) });
    // A committed snapshot never changes: it is counted once. It may have been removed meanwhile.
    if (row.kind === "committed" && this.#rows.get(key)) this.#rows.setUsage(key, usage);
    return usage;
  }

  async changes(key: string): Promise<SnapshotChange[]> {
    const row = this.#folders.get(key);
    if (row.kind === "view") return [];
    const parent = this.#parentOf(row);
    return await this.#workers.run("compare", {
      directory: this.#filesOf(row),
      parent: parent && this.#filesOf(parent),
    });
  }

  async remove(key: string): Promise<void> {
    await this.#folders.remove(key);
  }

  async *walk(): AsyncGenerator<SnapshotInfo> {
    yield* this.#folders.list();
  }

  async reconcile(): Promise<void> {
    await this.#folders.reconcile();
  }

  #filesOf(row: SnapshotRow): string {
    return join(this.#folders.pathOf(row), "fs");
  }

  #parentOf(row: SnapshotRow): SnapshotRow | undefined {
    return this.#rows.chain(row.key)[1];
  }
}
