import { alreadyExists, conflict, invalidArgument, notFound } from "../base/errors.ts";
import type { SnapshotPhase, SnapshotRow, SnapshotRows } from "../core/snapshots/snapshot-rows.ts";
import type { SnapshotKind, SnapshotUsage } from "../core/snapshots/snapshotter.ts";
import { isUniqueViolation, type StateDatabase } from "./database.ts";

interface StoredRow {
  readonly key: string;
  readonly kind: SnapshotKind;
  readonly parent_key: string | null;
  readonly directory: number;
  readonly phase: SnapshotPhase;
  readonly created_at_ms: number;
  readonly size_bytes: number | null;
  readonly inodes: number | null;
}

const COLUMNS =
  "s.key, s.kind, p.key AS parent_key, s.directory, s.phase, s.created_at_ms, s.size_bytes, s.inodes";
const SELECT = `SELECT ${COLUMNS} FROM snapshots s LEFT JOIN snapshots p ON p.directory = s.parent`;
const SELECT_CHAIN = `
  WITH RECURSIVE chain (directory, depth) AS (
    SELECT directory, 0 FROM snapshots WHERE driver = ? AND key = ?
    UNION ALL
    SELECT s.parent, chain.depth + 1 FROM chain JOIN snapshots s ON s.directory = chain.directory
    WHERE s.parent IS NOT NULL
  )
  SELECT ${COLUMNS} FROM chain JOIN snapshots s ON s.directory = chain.directory
  LEFT JOIN snapshots p ON p.directory = s.parent ORDER BY chain.depth`;

/** Snapshots of the driver named `driver` in SQLite. */
export class SqliteSnapshotRows implements SnapshotRows {
  readonly #database: StateDatabase;
  readonly #driver: string;

  constructor(database: StateDatabase, driver: string) {
    this.#database = database;
    this.#driver = driver;
  }

  add({ key, kind, parent }: { key: string; kind: SnapshotKind; parent?: string }): SnapshotRow {
    return this.#database.transaction(() => {
      const parentRow = parent === undefined ? undefined : this.#committedParent(parent);
      try {
        this.#database.run(
          `INSERT INTO snapshots (driver, key, kind, parent, phase, created_at_ms) VALUES (?, ?, ?, ?, 'making', ?)`,
          this.#driver,
          key,
          kind,
          parentRow?.directory ?? null,
          Date.now(),
        );
      } catch (error) {
        throw asKeyTaken(error, key);
      }
      return this.get(key)!;
    });
  }

  get(key: string): SnapshotRow | undefined {
    const row = this.#database.get<StoredRow>(
      `${SELECT} WHERE s.driver = ? AND s.key = ?`,
      this.#driver,
      key,
    );
    return row && toSnapshotRow(row);
  }

  chain(key: string): SnapshotRow[] {
    return this.#database.all<StoredRow>(SELECT_CHAIN, this.#driver, key).map(toSnapshotRow);
  }

  list(): SnapshotRow[] {
    const rows = this.#database.all<StoredRow>(
      `${SELECT} WHERE s.driver = ? ORDER BY s.directory`,
      this.#driver,
    );
    return rows.map(toSnapshotRow);
  }

  setReady(key: string): void {
    this.#update("phase = 'ready'", key);
  }

  setUsage(key: string, usage: SnapshotUsage): void {
    this.#update("size_bytes = ?, inodes = ?", key, usage.sizeBytes, usage.inodes);
  }

  setParent(key: string, parent: string): void {
    this.#database.transaction(() => {
      const row = this.#existing(key);
      if (row.kind !== "active" || row.phase !== "ready" || row.parent !== undefined) {
        throw invalidArgument(`snapshot ${key} is not an active one without a parent`);
      }
      this.#update("parent = ?", key, this.#committedParent(parent).directory);
    });
  }

  commit(name: string, key: string): void {
    this.#database.transaction(() => {
      const row = this.#existing(key);
      if (row.kind !== "active" || row.phase !== "ready") {
        throw invalidArgument(`snapshot ${key} is not active`);
      }
      try {
        this.#update("key = ?, kind = 'committed', size_bytes = NULL, inodes = NULL", key, name);
      } catch (error) {
        throw asKeyTaken(error, name);
      }
    });
  }

  setRemoving(key: string): void {
    this.#database.transaction(() => {
      const { directory } = this.#existing(key);
      const child = this.#database.get<{ key: string }>(
        "SELECT key FROM snapshots WHERE parent = ? LIMIT 1",
        directory,
      );
      if (child) throw conflict(`cannot remove snapshot ${key}: it is the parent of ${child.key}`);
      this.#update("phase = 'removing'", key);
    });
  }

  remove(key: string): void {
    this.#database.run("DELETE FROM snapshots WHERE driver = ? AND key = ?", this.#driver, key);
  }

  #existing(key: string): SnapshotRow {
    const row = this.get(key);
    if (!row) throw notFound(`snapshot ${key} does not exist`);
    return row;
  }

  #committedParent(key: string): SnapshotRow {
    const row = this.get(key);
    if (!row || row.phase === "removing") throw notFound(`parent snapshot ${key} does not exist`);
    if (row.kind !== "committed") throw invalidArgument(`parent snapshot ${key} is not committed`);
    return row;
  }

  #update(assignments: string, key: string, ...values: Array<string | number>): void {
    const sql = `UPDATE snapshots SET ${assignments} WHERE driver = ? AND key = ?`;
    if (this.#database.run(sql, ...values, this.#driver, key) === 0) {
      throw notFound(`snapshot ${key} does not exist`);
    }
  }
}

function asKeyTaken(error: unknown, key: string): unknown {
  return isUniqueViolation(error) ? alreadyExists(`snapshot ${key} already exists`, { cause: error }) : error;
}

function toSnapshotRow(row: StoredRow): SnapshotRow {
  const usage: SnapshotUsage | undefined =
    row.size_bytes === null || row.inodes === null
      ? undefined
      : { sizeBytes: row.size_bytes, inodes: row.inodes };
  return {
    key: row.key,
    kind: row.kind,
    parent: row.parent_key ?? undefined,
    directory: row.directory,
    phase: row.phase,
    createdAtMs: row.created_at_ms,
    usage,
  };
}
