import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../../base/logger.ts";
import type { LogQuery } from "../../../core/logs/log-store.ts";
import { entryOf, sourceOf, textsOf, timeAt } from "../logs.fixture.ts";
import { JsonFileDriver } from "./json-file-driver.ts";
import { JsonFileFormat } from "./json-file-format.ts";
import { LocalDriver } from "./local-driver.ts";
import { LocalFormat } from "./local-format.ts";
import { RotatingLog, type RotationLimits } from "./rotating-log.ts";

const ALL: LogQuery = { stdout: true, stderr: true };
let directory = "";
let path = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stored-"));
  path = join(directory, "c-json.log");
});
afterEach(() => rmSync(directory, { recursive: true }));

function openLog(limits: Partial<RotationLimits> = {}, format = new JsonFileFormat({})): RotatingLog {
  const bounds = { maxFileBytes: undefined, maxFiles: 1, compress: false, ...limits };
  return new RotatingLog({ path, format, limits: bounds, logger: silentLogger });
}

async function writeLines(log: RotatingLog, from: number, to: number): Promise<void> {
  const entries = Array.from({ length: to - from }, (_, index) =>
    entryOf(`line ${from + index}\n`, {
      timeNs: timeAt(from + index),
      stream: (from + index) % 2 ? "stderr" : "stdout",
    }),
  );
  for (let done = 0; done < entries.length; ) done += await log.write(entries.slice(done));
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`);

describe("json-file", () => {
  test.each([
    ["plain\n", '"log":"plain\\n"'],
    ["a\tb\r\n", '"log":"a\\u0009b\\r\\n"'],
    ['<a&b>"\\\n', '"log":"\\u003ca\\u0026b\\u003e\\"\\\\\\n"'],
    ["\u001b[0m\u2028é\n", '"log":"\\u001b[0m\\u2028é\\n"'],
    ["\n", '"log":"\\n"'],
  ])("%j is written as docker writes it", (text, member) => {
    expect(new JsonFileFormat({}).encode(entryOf(text))).toBe(
      `{${member},"stream":"stdout","time":"2026-01-02T03:04:05.123456789Z"}\n`,
    );
  });

  test("attributes come sorted, between stream and time", () => {
    expect(new JsonFileFormat({ tag: "t", a: "<" }).encode(entryOf("x", { partial: true }))).toBe(
      '{"log":"x","stream":"stdout","attrs":{"a":"\\u003c","tag":"t"},"time":"2026-01-02T03:04:05.123456789Z"}\n',
    );
  });

  test("labels, environment and tag become attributes", async () => {
    const options = { labels: "team,none", "env-regex": "^STA", tag: "{{.Name}}/{{.ID}}" };
    const source = sourceOf({ directory, options });
    const driver = new JsonFileDriver(silentLogger);
    await using store = driver.openStore(source);
    await store.write([entryOf("x\n")], new AbortController().signal);
    const written = JSON.parse(readFileSync(driver.logPath(source), "utf8"));
    expect(written.attrs).toEqual({ team: "blue", STAGE: "prod", tag: "web/0123456789ab" });
  });

  test.each([
    [{ x: "1" }, "unknown log opt 'x' for json-file log driver"],
    [{ "max-size": "0" }, "max-size must be a positive number"],
    [{ "max-size": "big" }, "invalid size: 'big'"],
    [{ "max-file": "0" }, "max-file cannot be less than 1"],
    [{ "max-file": "x" }, 'strconv.Atoi: parsing "x": invalid syntax'],
    [
      { compress: "true", "max-size": "1k" },
      "compress cannot be true when max-file is less than 2 or max-size is not set",
    ],
    [{ compress: "si" }, 'strconv.ParseBool: parsing "si": invalid syntax'],
  ])("%j is refused", (options: Record<string, string>, message) =>
    expect(() => new JsonFileDriver(silentLogger).validate(options)).toThrow(message),
  );
});

describe("rotation", () => {
  test("files stay within the bound, and what is left is read in order", async () => {
    await using log = openLog({ maxFileBytes: 400, maxFiles: 3 });
    await writeLines(log, 0, 40);
    expect(readdirSync(directory).sort()).toEqual(["c-json.log", "c-json.log.1", "c-json.log.2"]);
    for (const name of readdirSync(directory)) {
      // A file is closed by the line that reaches the bound.
      expect(readFileSync(join(directory, name)).byteLength).toBeLessThan(400 + 100);
    }
    const texts = await textsOf(log.read(ALL));
    expect(texts).toEqual(lines(40 - texts.length, 40));
    expect(texts.length).toBeGreaterThan(10);
  });

  test("one file alone begins anew", async () => {
    await using log = openLog({ maxFileBytes: 400, maxFiles: 1 });
    await writeLines(log, 0, 40);
    expect(readdirSync(directory)).toEqual(["c-json.log"]);
    expect((await textsOf(log.read(ALL))).at(-1)).toBe("line 39\n");
  });

  test("compressed files are read too, also by the last lines", async () => {
    const log = openLog({ maxFileBytes: 400, maxFiles: 4, compress: true });
    await writeLines(log, 0, 20);
    await log[Symbol.asyncDispose]();
    expect(existsSync(`${path}.1.gz`)).toBe(true);
    expect(existsSync(`${path}.1`)).toBe(false);
    await using again = openLog({ maxFileBytes: 400, maxFiles: 4, compress: true });
    expect(await textsOf(again.read(ALL))).toEqual(lines(0, 20));
    for (const tail of [0, 1, 3, 9, 15, 99]) {
      expect(await textsOf(again.read({ ...ALL, tail }))).toEqual(lines(Math.max(0, 20 - tail), 20));
    }
  });

  test("a follower misses nothing over rotations and ends when told", async () => {
    await using log = openLog({ maxFileBytes: 300, maxFiles: 5 });
    await writeLines(log, 0, 3);
    let written = 3;
    const more = async () => {
      if (written >= 30) return false;
      await writeLines(log, written, written + 9);
      written += 9;
      return true;
    };
    expect(await textsOf(log.read(ALL, more))).toEqual(lines(0, 30));
  });
});

describe("reading", () => {
  test("times and streams bound what is shown", async () => {
    await using log = openLog();
    await writeLines(log, 0, 10);
    expect(await textsOf(log.read({ ...ALL, sinceNs: timeAt(3), untilNs: timeAt(5) }))).toEqual(lines(3, 6));
    expect(await textsOf(log.read({ ...ALL, stderr: false, tail: 4 }))).toEqual(["line 6\n", "line 8\n"]);
  });

  test("a log that somebody emptied goes on", async () => {
    await using log = openLog({ maxFileBytes: 10_000, maxFiles: 2 });
    await writeLines(log, 0, 5);
    truncateSync(path, 0);
    await writeLines(log, 5, 7);
    expect(await textsOf(log.read(ALL))).toEqual(lines(5, 7));
  });

  test("what was written after a mark is taken back, in a younger file all of it", async () => {
    const log = openLog({ maxFileBytes: 300, maxFiles: 3 });
    await writeLines(log, 0, 2);
    const mark = log.mark()!;
    await writeLines(log, 2, 3);
    await log.rollBack(mark);
    expect(await textsOf(log.read(ALL))).toEqual(lines(0, 2));
    await writeLines(log, 2, 4);
    const full = log.mark()!;
    await writeLines(log, 4, 5);
    await log[Symbol.asyncDispose]();
    await using again = openLog({ maxFileBytes: 300, maxFiles: 3 });
    await again.rollBack(full);
    expect(await textsOf(again.read(ALL))).toEqual(lines(0, 4));
  });
});

describe("local", () => {
  test("entries are docker's protobuf messages between their lengths", () => {
    const entry = entryOf("hi\n", { timeNs: 300n });
    expect(new LocalFormat().encode(entry).toString("hex")).toBe(
      "0000000f" + "0a067374646f7574" + "10ac02" + "1a026869" + "0000000f",
    );
  });

  test("parts keep what they are", async () => {
    await using store = new LocalDriver(silentLogger).openStore(sourceOf({ directory }));
    const part = { id: "p", ordinal: 1, last: false };
    const entries = [
      entryOf("begin", { partial: true, part, stream: "stderr" }),
      entryOf("end\n", { part: { ...part, ordinal: 2, last: true }, timeNs: timeAt(1) }),
    ];
    expect(await store.write(entries, new AbortController().signal)).toBe(2);
    const read = [];
    for await (const group of store.read(ALL)) read.push(...group);
    expect(read).toEqual(entries.map((entry) => ({ ...entry, bytes: Buffer.from(entry.bytes) })));
    expect(await textsOf(store.read({ ...ALL, tail: 1 }))).toEqual(["end\n"]);
  });
});
