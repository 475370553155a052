import { mkdirSync } from "node:fs";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { notFound } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type { SnapshotRow, SnapshotRows } from "../../core/snapshots/snapshot-rows.ts";
import type { SnapshotInfo, SnapshotKind } from "../../core/snapshots/snapshotter.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

export interface NewSnapshot {
  readonly key: string;
  readonly kind: SnapshotKind;
  readonly parent?: string;
}

/**
 * The directories of a driver's snapshots and the rows that tell of them:
 *
 *   <root>/snapshots/<number>/   one snapshot
 *   <root>/trash/<number>/       on its way out
 *
 * Made as: row (making) → directory → row (ready). Removed as: row (removing) → directory into the trash → row gone →
 * trash emptied in the background. `reconcile` finishes what a crash left between two of these steps.
 */
export class SnapshotFolders {
  readonly #snapshots: string;
  readonly #trash: string;
  readonly #rows: SnapshotRows;
  readonly #destroy: (directory: string) => Promise<void>;
  readonly #log: Logger;
  #emptying: Promise<void> = Promise.resolve();

  /** `destroy` removes a snapshot's directory with all in it. */
  constructor(
    root: string,
    rows: SnapshotRows,
    destroy: (directory: string) => Promise<void>,
    log: Logger = silentLogger,
  ) {
    this.#snapshots = join(root, "snapshots");
    this.#trash = join(root, "trash");
    this.#rows = rows;
    this.#destroy = destroy;
    this.#log = log;
    mkdirSync(this.#snapshots, { recursive: true, mode: 0o700 });
    mkdirSync(this.#trash, { recursive: true, mode: 0o700 });
  }

  pathOf(row: SnapshotRow): string {
    return join(this.#snapshots, String(row.directory));
  }

  /** Makes a snapshot; `fill` puts into its new, empty directory what belongs there. Where it fails, nothing is left. */
  async add(snapshot: NewSnapshot, fill: (row: SnapshotRow) => Promise<void>): Promise<void> {
    const row = this.#rows.add(snapshot);
    try {
      // Nobody but root may look in: layers hold set-user-id files of all kinds.
      await mkdir(this.pathOf(row), { mode: 0o700 });
      await fill(row);
    } catch (error) {
      await this.#discard(row);
      throw error;
    }
    this.#rows.setReady(row.key);
  }

  /** The complete snapshot `key`. Errors: notFound. */
  get(key: string): SnapshotRow {
    const row = this.#rows.get(key);
    if (row?.phase !== "ready") throw notFound(`snapshot ${key} does not exist`);
    return row;
  }

  info(key: string): SnapshotInfo {
    return toInfo(this.get(key));
  }

  list(): SnapshotInfo[] {
    return this.#rows
      .list()
      .filter((row) => row.phase === "ready")
      .map(toInfo);
  }

  /** Idempotent. Errors: conflict where the snapshot has children. */
  async remove(key: string): Promise<void> {
    const row = this.#rows.get(key);
    if (!row) return;
    this.#rows.setRemoving(key);
    await this.#discard(row);
  }

  async reconcile(): Promise<void> {
    const rows = this.#rows.list();
    // Newest first: children before their parents.
    for (const row of rows.reverse()) if (row.phase !== "ready") await this.#discard(row);
    const known = new Set(this.#rows.list().map((row) => String(row.directory)));
    for (const name of await readdir(this.#snapshots)) {
      if (known.has(name)) continue;
      await rename(join(this.#snapshots, name), join(this.#trash, name));
    }
    this.#emptyTrash();
    await this.#emptying;
  }

  async #discard(row: SnapshotRow): Promise<void> {
    try {
      await rename(this.pathOf(row), join(this.#trash, String(row.directory)));
    } catch (error) {
      // Never made, or moved before a crash.
      if (!isErrno(error, "ENOENT")) throw error;
    }
    this.#rows.remove(row.key);
    this.#emptyTrash();
  }

  #emptyTrash(): void {
    this.#emptying = this.#emptying.then(async () => {
      try {
        for (const name of await readdir(this.#trash)) {
          await this.#destroy(join(this.#trash, name));
        }
      } catch (error) {
        // It stays in the trash and is tried again with the next removal and at every start.
        this.#log.warn({ error, trash: this.#trash }, "cannot remove a snapshot's directory");
      }
    });
  }
}

function toInfo({ key, parent, kind, createdAtMs }: SnapshotRow): SnapshotInfo {
  return { key, parent, kind, createdAtMs };
}
