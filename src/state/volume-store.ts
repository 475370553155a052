import { alreadyExists } from "../base/errors.ts";
import type { VolumeRecord, VolumeStore } from "../core/volumes/volume.ts";
import { isUniqueViolation, type StateDatabase } from "./database.ts";
import { parseFrozen } from "./frozen-json.ts";

/** Volumes in SQLite, listed by name. */
export class SqliteVolumeStore implements VolumeStore {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  add(volume: VolumeRecord): void {
    try {
      this.#database.run(
        "INSERT INTO volumes (name, record) VALUES (?, ?)",
        volume.name,
        JSON.stringify(volume),
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw alreadyExists(`volume ${volume.name} already exists`, { cause: error });
    }
  }

  get(name: string): VolumeRecord | undefined {
    const row = this.#database.get<{ record: string }>("SELECT record FROM volumes WHERE name = ?", name);
    return row && parseFrozen(row.record);
  }

  list(): VolumeRecord[] {
    const rows = this.#database.all<{ record: string }>("SELECT record FROM volumes ORDER BY name");
    return rows.map(({ record }) => parseFrozen(record));
  }

  remove(name: string): void {
    this.#database.run("DELETE FROM volumes WHERE name = ?", name);
  }
}
