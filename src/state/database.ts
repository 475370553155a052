import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { internal, unavailable } from "../base/errors.ts";
import { MIGRATIONS } from "./schema.ts";

// Extended result codes. Source: sqlite.org/rescode.html.
const SQLITE_BUSY = 5;
const SQLITE_CONSTRAINT_FOREIGNKEY = 787;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;
const SQLITE_CONSTRAINT_TRIGGER = 1811;
const SQLITE_CONSTRAINT_UNIQUE = 2067;

// A daemon that takes over from one that is still closing waits this long for it.
const BUSY_TIMEOUT_MS = 5000;

/**
 * The engine's database: one connection, statements prepared once. All calls are synchronous (a commit takes some
 * 20 µs, since nothing is synced to the disk in it).
 *
 * What a call or transaction has written when it returns survives the death of the process at any later point: it is in
 * the write-ahead log, in the kernel's hands. After a power failure the newest transactions may be missing, but the
 * database is whole. Source: sqlite.org/wal.html, "Performance Considerations"; sqlite.org/pragma.html, "synchronous".
 */
export class StateDatabase implements Disposable {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #inTransaction = false;

  /**
   * Opens the file at `path` (made with its folder where there is none) and brings its schema to this program's version.
   * The file is held alone: stores keep copies in memory that a second writer would make wrong.
   * Errors: unavailable where another process holds it; internal where it was written by a newer program.
   */
  constructor(path: string, options: { readonly busyTimeoutMs?: number } = {}) {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const connection = new DatabaseSync(path);
    try {
      configure(connection, path, options.busyTimeoutMs ?? BUSY_TIMEOUT_MS);
      migrate(connection, path);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
  }

  /** Runs a statement; the number of rows it changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }

  /** The first row, or undefined. */
  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    // Bun answers null where Node answers undefined.
    return (this.#prepare(sql).get(...parameters) as Row | null | undefined) ?? undefined;
  }

  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[];
  }

  /** Runs `task` so that all of its changes are made or, where it throws, none. A transaction inside another joins it. */
  transaction<T>(task: () => T): T {
    if (this.#inTransaction) return task();
    this.#prepare("BEGIN IMMEDIATE").run();
    this.#inTransaction = true;
    try {
      const result = task();
      this.#prepare("COMMIT").run();
      return result;
    } catch (error) {
      this.#connection.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /** Gives the file back. The database cannot be used afterwards. */
  close(): void {
    this.#statements.clear();
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function configure(connection: DatabaseSync, path: string, busyTimeoutMs: number): void {
  connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  connection.exec("PRAGMA locking_mode = EXCLUSIVE");
  try {
    connection.exec("PRAGMA journal_mode = WAL");
    // The lock of this locking mode is taken by the first write; take it before anything is read.
    connection.exec("BEGIN IMMEDIATE; COMMIT");
  } catch (error) {
    if (resultCodeOf(error) % 256 !== SQLITE_BUSY) throw error;
    throw unavailable(`another process is using ${path}`, { cause: error });
  }
  connection.exec("PRAGMA synchronous = NORMAL");
  connection.exec("PRAGMA foreign_keys = ON");
}

function migrate(connection: DatabaseSync, path: string): void {
  const row = connection.prepare("PRAGMA user_version").get() as { user_version: number };
  if (row.user_version > MIGRATIONS.length) {
    throw internal(
      `${path} has schema version ${row.user_version}, but this version of gantry knows only ${MIGRATIONS.length}`,
      { hint: "Run the newer version of gantry that wrote it, or use another data root." },
    );
  }
  for (let version = row.user_version; version < MIGRATIONS.length; version++) {
    connection.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version]}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}

function resultCodeOf(error: unknown): number {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code : 0;
}

/** Whether a statement failed because a row with that key exists already. */
export function isUniqueViolation(error: unknown): boolean {
  const code = resultCodeOf(error);
  return code === SQLITE_CONSTRAINT_PRIMARYKEY || code === SQLITE_CONSTRAINT_UNIQUE;
}

/** Whether a statement failed because a row it refers to is missing, or because a row refers to what it removes. */
export function isReferenceViolation(error: unknown): boolean {
  const code = resultCodeOf(error);
  // A RESTRICT action is reported as a trigger's failure.
  return code === SQLITE_CONSTRAINT_FOREIGNKEY || code === SQLITE_CONSTRAINT_TRIGGER;
}
