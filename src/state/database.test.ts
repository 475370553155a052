import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { kindOf } from "../base/errors.ts";
import { StateDatabase } from "./database.ts";
import { MIGRATIONS } from "./schema.ts";
import { TemporaryState } from "./state.fixture.ts";

test("a transaction that throws changes nothing, one inside another is part of it", () => {
  using state = new TemporaryState();
  const { database } = state;
  const addLease = (id: string) => database.run("INSERT INTO leases VALUES (?, 'test', 0)", id);
  expect(() =>
    database.transaction(() => {
      addLease("outer");
      database.transaction(() => addLease("inner"));
      throw new Error("stop");
    }),
  ).toThrow("stop");
  expect(database.all("SELECT id FROM leases")).toEqual([]);
  database.transaction(() => database.transaction(() => addLease("kept")));
  expect(database.get<{ id: string }>("SELECT id FROM leases")?.id).toBe("kept");
});

test("references are enforced", () => {
  using state = new TemporaryState();
  expect(() => state.database.run("INSERT INTO image_names VALUES ('a', 'no such image', 'x', 0)")).toThrow(
    "FOREIGN KEY",
  );
});

test("a schema newer than the program is refused with both versions named", () => {
  using state = new TemporaryState();
  state.database.close();
  const raw = new DatabaseSync(state.path);
  raw.exec(`PRAGMA user_version = ${MIGRATIONS.length + 6}`);
  raw.close();
  expect(() => new StateDatabase(state.path)).toThrow(
    `has schema version ${MIGRATIONS.length + 6}, but this version of gantry knows only ${MIGRATIONS.length}`,
  );
  const lowered = new DatabaseSync(state.path);
  lowered.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  lowered.close();
  state.database = new StateDatabase(state.path);
});

test("every acknowledged write is there after the writer was killed", async () => {
  using state = new TemporaryState();
  state.database.close();
  const program = `
    import { StateDatabase } from ${JSON.stringify(`${import.meta.dir}/database.ts`)};
    const database = new StateDatabase(${JSON.stringify(state.path)});
    for (let number = 1; ; number++) {
      database.run("INSERT INTO leases VALUES (?, 'test', ?)", String(number), number);
      if (number % 100 === 0) process.stdout.write(number + "\\n");
    }`;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  let acknowledged = 0;
  for await (const chunk of writer.stdout) {
    output += chunk;
    acknowledged = Number(output.split("\n").at(-2) ?? 0);
    if (acknowledged >= 500 && writer.exitCode === null) writer.kill("SIGKILL");
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
  expect(writer.signalCode).toBe("SIGKILL");
  state.database = new StateDatabase(state.path);
  const { count, last } = state.database.get<{ count: number; last: number }>(
    "SELECT count(*) AS count, max(created_at_ms) AS last FROM leases",
  )!;
  expect(acknowledged).toBeGreaterThanOrEqual(500);
  expect(last).toBeGreaterThanOrEqual(acknowledged);
  expect(count).toBe(last);
});

test("a second opener is refused", () => {
  using state = new TemporaryState();
  let failure: unknown;
  try {
    new StateDatabase(state.path, { busyTimeoutMs: 10 });
  } catch (error) {
    failure = error;
  }
  expect(kindOf(failure)).toBe("unavailable");
});
