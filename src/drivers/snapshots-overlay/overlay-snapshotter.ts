import { chmod, chown, mkdir, stat } from "node:fs/promises";
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
import { type OverlaySupport, probeOverlay } from "./probe-overlay.ts";

export interface OverlaySnapshotterOptions {
  /** Directory of the driver's own, on a local file system. */
  readonly root: string;
  readonly rows: SnapshotRows;
  readonly workers: LayerWorkers;
  readonly log?: Logger;
}

/**
 * Snapshots as overlay mounts. A snapshot's directory holds `fs` (its own files: the upper, later a lower directory) and,
 * while it is active, `work` (overlayfs's own).
 * Source: Documentation/filesystems/overlayfs.rst.
 */
export class OverlaySnapshotter implements Snapshotter {
  readonly name = "overlay2";
  readonly #folders: SnapshotFolders;
  readonly #rows: SnapshotRows;
  readonly #workers: LayerWorkers;
  readonly #support: OverlaySupport;

  private constructor(options: OverlaySnapshotterOptions, support: OverlaySupport) {
    this.#folders = new SnapshotFolders(options.root, options.rows, options.log);
    this.#rows = options.rows;
    this.#workers = options.workers;
    this.#support = support;
  }

  /** The driver, once a test mount has worked there. Errors: unavailable where overlayfs does not work on `root`'s file system. */
  static async open(options: OverlaySnapshotterOptions): Promise<OverlaySnapshotter> {
    return new OverlaySnapshotter(options, await probeOverlay(options.root));
  }

  async status(): Promise<ReadonlyArray<readonly [label: string, value: string]>> {
    const { backingFilesystem, supportsDType } = this.#support;
    return [
      ["Backing Filesystem", backingFilesystem],
      ["Supports d_type", String(supportsDType)],
      // Both follow from the options that every overlay is mounted with.
      ["Using metacopy", "false"],
      ["Native Overlay Diff", "true"],
      ["userxattr", "false"],
    ];
  }

  async prepare(key: string, parent?: string): Promise<void> {
    await this.#folders.add(
      { key, kind: "active", ...(parent !== undefined && { parent }) },
      async (directory, row) => {
        await mkdir(join(directory, "work"), { mode: 0o711 });
        await makeRootLike(join(directory, "fs"), this.#lowerDirs(row)[0]);
      },
    );
  }

  async view(key: string, parent: string): Promise<void> {
    await this.#folders.add({ key, kind: "view", parent }, async () => {});
  }

  async commit(name: string, key: string): Promise<void> {
    this.#rows.commit(name, key);
  }

  async mounts(key: string): Promise<readonly SnapshotMount[]> {
    const row = this.#folders.get(key);
    const lowerDirs = this.#lowerDirs(row);
    if (row.kind === "view") {
      // One lower directory alone is no overlay.
      if (lowerDirs.length === 1) return [{ type: "bind", source: lowerDirs[0]!, readOnly: true }];
      return [{ type: "overlay", source: "overlay", lowerDirs, readOnly: true }];
    }
    if (row.kind === "committed") throw invalidArgument(`snapshot ${key} is committed and cannot be mounted`);
    const upperDir = this.#filesOf(row);
    if (lowerDirs.length === 0) return [{ type: "bind", source: upperDir, readOnly: false }];
    const workDir = join(this.#folders.pathOf(row), "work");
    return [{ type: "overlay", source: "overlay", lowerDirs, upperDir, workDir, readOnly: false }];
  }

  async applyTarget(key: string): Promise<ApplyTarget> {
    const row = this.#folders.get(key);
    if (row.kind !== "active") throw invalidArgument(`snapshot ${key} is not active`);
    return { directory: this.#filesOf(row), whiteouts: "overlay", parents: this.#lowerDirs(row) };
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
    return await this.#workers.run("overlayChanges", {
      upper: this.#filesOf(row),
      lowerDirs: this.#lowerDirs(row),
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

  /** Directories of the ancestors, nearest first. */
  #lowerDirs(row: SnapshotRow): string[] {
    return this.#rows
      .chain(row.key)
      .slice(1)
      .map((ancestor) => this.#filesOf(ancestor));
  }
}

/** The upper directory's owner and mode are what the container sees at `/`: those of the layer below. */
async function makeRootLike(directory: string, lower: string | undefined): Promise<void> {
  await mkdir(directory, { mode: 0o755 });
  if (lower === undefined) {
    await chmod(directory, 0o755);
    return;
  }
  const { uid, gid, mode } = await stat(lower);
  await chown(directory, uid, gid);
  await chmod(directory, mode & 0o7777);
}
