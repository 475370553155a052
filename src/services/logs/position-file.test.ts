import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { PositionFile, START } from "./position-file.ts";

const directory = mkdtempSync(join(tmpdir(), "gantry-position-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** What a crash of the engine would leave there now. */
function leftAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

test("a position is there whole or not at all", async () => {
  const position = { ...START, mark: { file: "json.log", sizeBytes: 7 } };
  for (let attempt = 0; attempt < 50; attempt++) {
    const path = join(directory, String(attempt));
    await using file = new PositionFile(path);
    expect(await file.load()).toBe("none");
    let isStored = false;
    const stored = file.store(position).then(() => {
      isStored = true;
    });
    while (!isStored) {
      expect(leftAt(path)).not.toBe("");
      await turn();
    }
    await stored;
    await using next = new PositionFile(path);
    expect(await next.load()).toEqual(position);
  }
  expect(readdirSync(directory)).toHaveLength(50);
});

test("a position that cannot be read is none that is known", async () => {
  const path = join(directory, "broken");
  writeFileSync(path, "{");
  await using file = new PositionFile(path);
  expect(await file.load()).toBeUndefined();
});
