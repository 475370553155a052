import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "../../../test/fixtures/temp-dir.ts";
import { readPlugin } from "./cli-plugin.ts";

const folder = makeTempDir("cli-plugin");
afterAll(() => folder[Symbol.dispose]());

/** What is read of a program that says this of itself. */
async function read(metadata: object, name = "docker-hello") {
  const path = join(folder.path, name);
  writeFileSync(path, `#!/bin/sh\necho '${JSON.stringify(metadata)}'\n`, { mode: 0o755 });
  return await readPlugin(path);
}

describe("a plug-in", () => {
  test("is what it says of itself", async () => {
    const metadata = { SchemaVersion: "0.1.0", Vendor: "Someone", Hidden: true };
    expect(await read(metadata)).toEqual({
      ...metadata,
      Name: "hello",
      Path: join(folder.path, "docker-hello"),
    });
    expect((await read({ ...metadata, SchemaVersion: "1.9.0" })).Err).toBeUndefined();
  });

  test.each([
    ["", "plugin SchemaVersion version cannot be empty"],
    ["1", 'plugin SchemaVersion "1" has wrong format: must be <major>.<minor>.<patch>'],
    ["2.0.0", 'plugin SchemaVersion "2.0.0" is not supported: must be lower than 2.0.0'],
  ])("of schema %j is refused", async (SchemaVersion, problem) => {
    expect((await read({ SchemaVersion, Vendor: "Someone" })).Err).toBe(problem);
  });

  test("that cannot be started is refused", async () => {
    const path = join(folder.path, "docker-none");
    writeFileSync(path, "", { mode: 0o644 });
    expect((await readPlugin(path)).Err).toStartWith("failed to fetch metadata: ");
  });
});
