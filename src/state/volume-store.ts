import { alreadyExists } from "../base/errors.ts";
import type { VolumeRecord, VolumeStore } from "../core/volumes/volume.ts";
import { isUniqueViolation, type StateDatabase } from "./database.ts";
import { parseFrozen } from "./frozen-json.ts";

/** Volumes in SQLite, with all of them in memory: reading costs no query and no parsing. Listed by name. */
export class SqliteVolumeStore implements VolumeStore {
  readonly #database: StateDatabase;
  readonly #byName = new Map<string, VolumeRecord>();
  /** By name; undefined where a volume was added since. */
  #ordered: VolumeRecord[] | undefined;

  constructor(database: StateDatabase) {
    this.#database = database;
    for (const { record } of database.all<{ record: string }>("SELECT record FROM volumes")) {
      this.#remember(parseFrozen(record));
    }
  }

  add(volume: VolumeRecord): void {
    const json = JSON.stringify(volume);
    try {
      this.#database.run("INSERT INTO volumes (name, record) VALUES (?, ?)", volume.name, json);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw alreadyExists(`volume ${volume.name} already exists`, { cause: error });
    }
    this.#remember(parseFrozen(json));
  }

  get(name: string): VolumeRecord | undefined {
    return this.#byName.get(name);
  }

  list(): VolumeRecord[] {
    this.#ordered ??= [...this.#byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
    return [...this.#ordered];
  }

  replace(name: string, volume: VolumeRecord): void {
    this.#database.transaction(() => {
      this.#database.run("DELETE FROM volumes WHERE name = ?", name);
      this.add(volume);
    });
    if (name !== volume.name) this.#byName.delete(name);
  }

  remove(name: string): void {
    this.#database.run("DELETE FROM volumes WHERE name = ?", name);
    this.#byName.delete(name);
    this.#ordered = undefined;
  }

  #remember(volume: VolumeRecord): void {
    this.#byName.set(volume.name, volume);
    this.#ordered = undefined;
  }
}
