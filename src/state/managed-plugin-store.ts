import { alreadyExists } from "../base/errors.ts";
import type { ManagedPluginRecord, ManagedPluginStore } from "../core/plugins/managed-plugin.ts";
import { isUniqueViolation, type StateDatabase } from "./database.ts";
import { parseFrozen } from "./frozen-json.ts";

/** Managed plug-ins in SQLite, listed by name. */
export class SqliteManagedPluginStore implements ManagedPluginStore {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  put(plugin: ManagedPluginRecord): void {
    try {
      this.#database.run(
        "INSERT INTO plugins (id, name, record) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, record = excluded.record",
        plugin.id,
        plugin.name,
        JSON.stringify(plugin),
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw alreadyExists(`plugin ${plugin.name} already exists`, { cause: error });
    }
  }

  get(id: string): ManagedPluginRecord | undefined {
    const row = this.#database.get<{ record: string }>("SELECT record FROM plugins WHERE id = ?", id);
    return row && parseFrozen(row.record);
  }

  list(): ManagedPluginRecord[] {
    const rows = this.#database.all<{ record: string }>("SELECT record FROM plugins ORDER BY name");
    return rows.map(({ record }) => parseFrozen(record));
  }

  remove(id: string): void {
    this.#database.run("DELETE FROM plugins WHERE id = ?", id);
  }
}
