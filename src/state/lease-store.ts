import { internal } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import type { Lease, LeasedResource, LeaseStore } from "../core/leases/lease-store.ts";
import { isReferenceViolation, type StateDatabase } from "./database.ts";

/** Leases in SQLite. Adding to a lease that was given back is a mistake of the caller and fails with internal. */
export class SqliteLeaseStore implements LeaseStore {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  create(purpose: string): Lease {
    const id = newId();
    this.#database.run(
      "INSERT INTO leases (id, purpose, created_at_ms) VALUES (?, ?, ?)",
      id,
      purpose,
      Date.now(),
    );
    return new SqliteLease(this.#database, id);
  }

  resources(): LeasedResource[] {
    const rows = this.#database.all<LeasedResource>(
      "SELECT DISTINCT kind, key FROM lease_resources ORDER BY kind, key",
    );
    return rows.map(({ kind, key }) => ({ kind, key }));
  }

  clear(): void {
    this.#database.run("DELETE FROM leases");
  }
}

class SqliteLease implements Lease {
  readonly id: string;
  readonly #database: StateDatabase;

  constructor(database: StateDatabase, id: string) {
    this.#database = database;
    this.id = id;
  }

  add({ kind, key }: LeasedResource): void {
    try {
      this.#database.run(
        "INSERT INTO lease_resources (lease_id, kind, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        this.id,
        kind,
        key,
      );
    } catch (error) {
      if (!isReferenceViolation(error)) throw error;
      throw internal(`lease ${this.id} was already given back`, { cause: error });
    }
  }

  async release(): Promise<void> {
    this.#database.run("DELETE FROM leases WHERE id = ?", this.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
