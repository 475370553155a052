import { alreadyExists, notFound } from "../base/errors.ts";
import { parseRfc3339Nano } from "../base/time.ts";
import type { ContainerRecord, ContainerStore } from "../core/containers/container-record.ts";
import type { StateDatabase } from "./database.ts";
import { parseFrozen } from "./frozen-json.ts";

interface CachedContainer {
  readonly record: ContainerRecord;
  readonly createdAtNs: bigint;
}

/** Container records in SQLite, with all of them in memory: reading costs no query and no parsing. */
export class SqliteContainerStore implements ContainerStore {
  readonly #database: StateDatabase;
  readonly #byId = new Map<string, CachedContainer>();
  readonly #idByName = new Map<string, string>();
  /** Newest first. */
  #ordered: CachedContainer[] = [];

  constructor(database: StateDatabase) {
    this.#database = database;
    for (const { record } of database.all<{ record: string }>("SELECT record FROM containers")) {
      this.#ordered.push(this.#index(parseFrozen(record)));
    }
    this.#ordered.sort((one, other) => (isNewer(one, other) ? -1 : 1));
  }

  add(record: ContainerRecord): void {
    if (this.#byId.has(record.id)) throw alreadyExists(`container ${record.id} already exists`);
    this.#checkName(record);
    const json = JSON.stringify(record);
    this.#database.run(
      "INSERT INTO containers (id, name, record) VALUES (?, ?, ?)",
      record.id,
      record.name,
      json,
    );
    this.#remember(parseFrozen(json));
  }

  update(record: ContainerRecord): void {
    const before = this.#byId.get(record.id);
    if (!before) throw notFound(`No such container: ${record.id}`);
    this.#checkName(record);
    const json = JSON.stringify(record);
    this.#database.run(
      "UPDATE containers SET name = ?, record = ? WHERE id = ?",
      record.name,
      json,
      record.id,
    );
    if (before.record.createdAt === record.createdAt && before.record.name === record.name) {
      this.#replaceInPlace(before, parseFrozen(json));
    } else {
      this.#forget(before);
      this.#remember(parseFrozen(json));
    }
  }

  get(id: string): ContainerRecord | undefined {
    return this.#byId.get(id)?.record;
  }

  getByName(name: string): ContainerRecord | undefined {
    const id = this.#idByName.get(name);
    return id === undefined ? undefined : this.get(id);
  }

  findByIdPrefix(prefix: string): ContainerRecord[] {
    const found: ContainerRecord[] = [];
    for (const { record } of this.#ordered) {
      if (!record.id.startsWith(prefix)) continue;
      found.push(record);
      if (found.length === 2) break;
    }
    return found;
  }

  list(): ContainerRecord[] {
    return this.#ordered.map(({ record }) => record);
  }

  remove(id: string): void {
    this.#database.run("DELETE FROM containers WHERE id = ?", id);
    const cached = this.#byId.get(id);
    if (cached) this.#forget(cached);
  }

  #checkName(record: ContainerRecord): void {
    const holder = this.#idByName.get(record.name);
    if (holder !== undefined && holder !== record.id) {
      throw alreadyExists(`container name ${record.name} is in use by container ${holder}`);
    }
  }

  #index(record: ContainerRecord): CachedContainer {
    const cached = { record, createdAtNs: parseRfc3339Nano(record.createdAt) ?? 0n };
    this.#byId.set(record.id, cached);
    this.#idByName.set(record.name, record.id);
    return cached;
  }

  #remember(record: ContainerRecord): void {
    const cached = this.#index(record);
    // A new container is newer than all others but for a clock that was set: the first comparison nearly always ends it.
    const older = this.#ordered.findIndex((other) => isNewer(cached, other));
    this.#ordered.splice(older < 0 ? this.#ordered.length : older, 0, cached);
  }

  #replaceInPlace(before: CachedContainer, record: ContainerRecord): void {
    const cached = { record, createdAtNs: before.createdAtNs };
    this.#byId.set(record.id, cached);
    this.#ordered[this.#ordered.indexOf(before)] = cached;
  }

  #forget(cached: CachedContainer): void {
    this.#byId.delete(cached.record.id);
    this.#idByName.delete(cached.record.name);
    this.#ordered = this.#ordered.filter((other) => other !== cached);
  }
}

/** Equal times are ordered by id, so that the order is the same after a restart. */
function isNewer(one: CachedContainer, other: CachedContainer): boolean {
  if (one.createdAtNs !== other.createdAtNs) return one.createdAtNs > other.createdAtNs;
  return one.record.id > other.record.id;
}
