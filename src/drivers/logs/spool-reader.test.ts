import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogQuery } from "../../core/logs/log-store.ts";
import { Reactor } from "../../os/linux/reactor/reactor.ts";
import { SpoolReader } from "./spool-reader.ts";

const reactor = Reactor.start();
const reader = new SpoolReader(reactor);
const ALL: LogQuery = { stdout: true, stderr: true, follow: false };
let directory = "";
let spool = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "spool-"));
  spool = join(directory, "spool");
});
afterEach(() => rmSync(directory, { recursive: true }));
afterAll(() => reactor.stop());

function line(second: number, text: string, tag = "F", stream = "stdout"): string {
  return `2026-01-02T03:04:${String(second).padStart(2, "0")}.5+00:00 ${stream} ${tag} ${text}\n`;
}

const at = (second: number) => BigInt(Date.UTC(2026, 0, 2, 3, 4, second)) * 1_000_000n;

async function texts(query: LogQuery, ended: Promise<unknown> = Promise.resolve()): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of reader.read(spool, query, ended)) found.push(Buffer.from(entry.bytes).toString());
  return found;
}

test("full lines end in a newline and parts do not", async () => {
  writeFileSync(
    spool,
    line(1, "a") + line(2, "b1", "P") + line(2, "b2") + line(3, "", "F", "stderr") + line(4, "end", "P"),
  );
  expect(await texts(ALL)).toEqual(["a\n", "b1", "b2\n", "\n", "end"]);
  expect(await texts({ ...ALL, stdout: false })).toEqual(["\n"]);
});

test("a spool that is not there has no lines", async () => {
  expect(await texts(ALL)).toEqual([]);
  expect(await texts({ ...ALL, tail: 3 })).toEqual([]);
});

test("a last line without its end is left out until it is whole", async () => {
  writeFileSync(spool, `${line(1, "a")}2026-01-02T03:04:05Z stdout F cut`);
  expect(await texts(ALL)).toEqual(["a\n"]);
  expect(await texts({ ...ALL, tail: 1 })).toEqual(["a\n"]);
});

test("since and until bound the times", async () => {
  writeFileSync(spool, [1, 2, 3, 4].map((second) => line(second, String(second))).join(""));
  expect(await texts({ ...ALL, sinceNs: at(2), untilNs: at(4) })).toEqual(["2\n", "3\n"]);
});

test("tail counts lines of the chosen streams, a line in parts once", async () => {
  writeFileSync(
    spool,
    line(1, "a") + line(2, "b", "P") + line(2, "c") + line(3, "e", "F", "stderr") + line(4, "d", "P"),
  );
  expect(await texts({ ...ALL, tail: 0 })).toEqual([]);
  expect(await texts({ ...ALL, tail: 1 })).toEqual(["d"]);
  expect(await texts({ ...ALL, stderr: false, tail: 2 })).toEqual(["b", "c\n", "d"]);
  expect(await texts({ ...ALL, tail: 99 })).toEqual(["a\n", "b", "c\n", "e\n", "d"]);
});

test("tail of a large file reads across blocks", async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) =>
    line(1, `line ${index} ${"x".repeat(index % 50)}`),
  );
  writeFileSync(spool, lines.join(""));
  const found = await texts({ ...ALL, tail: 5_000 });
  expect(found.length).toBe(5_000);
  expect(found[0]).toStartWith("line 15000 ");
  expect(found.at(-1)).toStartWith("line 19999 ");
  expect((await texts(ALL)).length).toBe(20_000);
});

test("rotated files come first, and tail reaches back into them", async () => {
  writeFileSync(`${spool}.2`, line(1, "one"));
  writeFileSync(`${spool}.1`, line(2, "two"));
  writeFileSync(spool, line(3, "three"));
  expect(await texts(ALL)).toEqual(["one\n", "two\n", "three\n"]);
  expect(await texts({ ...ALL, tail: 2 })).toEqual(["two\n", "three\n"]);
});

test("following sees new lines, goes over a rotation and ends with the process", async () => {
  const end = Promise.withResolvers<void>();
  writeFileSync(spool, line(1, "before"));
  const entries = reader.read(spool, { ...ALL, follow: true }, end.promise)[Symbol.asyncIterator]();
  const next = async () => {
    const result = await entries.next();
    return result.done ? undefined : Buffer.from(result.value.bytes).toString();
  };
  expect(await next()).toBe("before\n");
  const waiting = next();
  appendFileSync(spool, line(2, "first"));
  expect(await waiting).toBe("first\n");
  renameSync(spool, `${spool}.1`);
  appendFileSync(`${spool}.1`, line(4, "late"));
  writeFileSync(spool, line(5, "rotated"));
  expect(await next()).toBe("late\n");
  expect(await next()).toBe("rotated\n");
  appendFileSync(spool, line(6, "last"));
  end.resolve();
  expect(await next()).toBe("last\n");
  expect(await next()).toBeUndefined();
});

test("an aborted reader stops waiting", async () => {
  writeFileSync(spool, line(1, "a"));
  const stop = new AbortController();
  const entries = reader.read(spool, { ...ALL, follow: true, signal: stop.signal }, new Promise(() => {}));
  expect((await entries.next()).done).toBe(false);
  const waiting = entries.next();
  stop.abort();
  expect((await waiting).done).toBe(true);
});
