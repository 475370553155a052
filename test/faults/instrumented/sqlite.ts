import * as sqlite from "node:sqlite";
import { beforeEffect } from "./effect.ts";

/** Leases do not outlive the daemon: it drops them all when it starts. */
const FORGOTTEN = /^(?:INSERT INTO|DELETE FROM) lease/;

/** Each statement that is run for its effect counts, or the transaction it is in; those that only ask are not run. */
export class DatabaseSync extends sqlite.DatabaseSync {
  #inTransaction = false;

  override prepare(sql: string): sqlite.StatementSync {
    const statement = super.prepare(sql);
    const run = statement.run.bind(statement) as (...values: unknown[]) => sqlite.StatementResultingChanges;
    return Object.assign(statement, {
      run: (...values: unknown[]) => {
        if (sql.startsWith("BEGIN")) this.#inTransaction = true;
        else if (sql === "COMMIT") this.#inTransaction = false;
        if (!this.#inTransaction && !FORGOTTEN.test(sql)) beforeEffect(() => sql.split("\n")[0]!);
        return run(...values);
      },
    });
  }

  override exec(sql: string): void {
    if (sql === "ROLLBACK") this.#inTransaction = false;
    super.exec(sql);
  }
}
