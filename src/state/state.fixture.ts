import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateDatabase } from "./database.ts";

/** A database in a folder of its own that `reopen` closes and opens again; disposing removes the folder. */
export class TemporaryState implements Disposable {
  readonly path: string;
  readonly #folder: string;
  database: StateDatabase;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "gantry-state-"));
    this.path = join(this.#folder, "state.db");
    this.database = new StateDatabase(this.path);
  }

  reopen(): StateDatabase {
    this.database.close();
    this.database = new StateDatabase(this.path);
    return this.database;
  }

  [Symbol.dispose](): void {
    this.database.close();
    rmSync(this.#folder, { recursive: true });
  }
}
