import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileChanges } from "../../../os/linux/reactor/file-changes.ts";
import { Reactor } from "../../../os/linux/reactor/reactor.ts";
import type { SpoolPosition } from "./line-assembler.ts";
import { Spool } from "./spool.ts";
import { SpoolCursor } from "./spool-cursor.ts";

let directory = "";
let reactor: Reactor;
let changes: FileChanges;
let spool: Spool;
const START: SpoolPosition = { offset: 0, held: {} };

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "spool-"));
  reactor = Reactor.start();
  changes = new FileChanges(reactor);
  spool = new Spool(join(directory, "spool.log"), changes);
});
afterEach(async () => {
  await spool[Symbol.asyncDispose]();
  await changes[Symbol.asyncDispose]();
  await reactor.stop();
  rmSync(directory, { recursive: true });
});

function write(text: string, tag = "F", stream = "stdout"): void {
  appendFileSync(spool.path, `2026-01-02T03:04:05.5+02:00 ${stream} ${tag} ${text}\n`);
}

async function drain(cursor: SpoolCursor) {
  const found: { text: string; position: SpoolPosition; partial: boolean }[] = [];
  for (let before = -1; before !== cursor.offset; ) {
    before = cursor.offset;
    const batch = await cursor.next();
    for (const [index, { bytes, partial }] of batch.entries.entries()) {
      found.push({
        text: Buffer.from(bytes).toString(),
        partial,
        position: structuredClone(batch.positionAfter(index + 1)),
      });
    }
  }
  return found;
}

test("a line that was written bit by bit is one entry, and streams do not mix", async () => {
  write("he", "P");
  write("err", "F", "stderr");
  write("llo");
  expect((await drain(new SpoolCursor(spool, START))).map(({ text }) => text)).toEqual(["err\n", "hello\n"]);
});

test("a long line comes in parts of 16 KiB at the most, the last one with the newline", async () => {
  for (let part = 0; part < 5; part++) write("x".repeat(8000), "P");
  write("end");
  const found = await drain(new SpoolCursor(spool, START));
  expect(found.map(({ text }) => text.length)).toEqual([16_000, 16_000, 8_004]);
  expect(found.map(({ partial }) => partial)).toEqual([true, true, false]);
});

test("what has no newline at the end of a process is a part", async () => {
  write("no newline", "P");
  const cursor = new SpoolCursor(spool, START);
  expect(await drain(cursor)).toEqual([]);
  cursor.endAt(await spool.size());
  expect((await drain(cursor)).map(({ text, partial }) => [text, partial])).toEqual([["no newline", true]]);
  write("next process");
  expect((await drain(cursor)).map(({ text }) => text)).toEqual(["next process\n"]);
});

test("reading goes on after any entry, without missing or repeating one", async () => {
  write("a", "P");
  write("e1", "F", "stderr");
  write("b", "P");
  write("e2", "F", "stderr");
  write("c");
  for (let part = 0; part < 4; part++) write("y".repeat(8000), "P");
  write("e3", "F", "stderr");
  write("z");
  const whole = await drain(new SpoolCursor(spool, START));
  expect(whole.length).toBe(6);
  for (const [index, { position }] of whole.entries()) {
    const rest = await drain(new SpoolCursor(spool, JSON.parse(JSON.stringify(position))));
    expect(rest.map(({ text }) => text)).toEqual(whole.slice(index + 1).map(({ text }) => text));
  }
});

test("what is read is given back to the file system while the file grows", async () => {
  for (let block = 0; block < 40; block++) write("x".repeat(100_000));
  const cursor = new SpoolCursor(spool, START);
  expect((await drain(cursor)).length).toBe(40);
  await spool.reclaim(cursor.offset, { force: false });
  const { size, blocks } = statSync(spool.path);
  expect(size).toBeGreaterThan(4_000_000);
  expect(blocks * 512).toBeLessThan(100_000);
  write("after");
  expect((await drain(cursor)).map(({ text }) => text)).toEqual(["after\n"]);
});

test("bytes that are no lines are counted and passed over", async () => {
  appendFileSync(spool.path, "rubbish\n");
  write("good");
  const batch = await new SpoolCursor(spool, START).next();
  expect([batch.unreadableBytes, batch.entries.length]).toEqual([7, 1]);
});
