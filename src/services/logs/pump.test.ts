import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../base/logger.ts";
import type { LogSink, LogStore } from "../../core/logs/log-driver.ts";
import type { LogEntry } from "../../core/logs/log-store.ts";
import { JsonFileDriver, Spool } from "../../drivers/logs/mod.ts";
import { FileChanges } from "../../os/linux/reactor/file-changes.ts";
import { Reactor } from "../../os/linux/reactor/reactor.ts";
import { LogPump } from "./pump.ts";

let directory = "";
let reactor: Reactor;
let changes: FileChanges;
let spool: Spool;
let warnings: { message: string; fields: Record<string, unknown> }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "pump-"));
  reactor = Reactor.start();
  changes = new FileChanges(reactor);
  spool = new Spool(join(directory, "spool.log"), changes);
  warnings = [];
});
afterEach(async () => {
  await spool[Symbol.asyncDispose]();
  await changes[Symbol.asyncDispose]();
  await reactor.stop();
  rmSync(directory, { recursive: true });
});

function writeLines(from: number, to: number): void {
  let text = "";
  for (let line = from; line < to; line++) text += `2026-01-02T03:04:05.5+00:00 stdout F line ${line}\n`;
  appendFileSync(spool.path, text);
}

function startPump(open: () => LogSink, maxBacklogBytes = 1e9): LogPump {
  const warn = (fields: object, message: string) => warnings.push({ message, fields: { ...fields } });
  return new LogPump({
    containerId: "c",
    name: "test",
    spool,
    positionPath: join(directory, "position.json"),
    open,
    ready: Promise.resolve(),
    maxBacklogBytes,
    logger: { ...silentLogger, warn },
    onProgress: () => {},
  });
}

class FakeSink implements LogSink {
  readonly texts: string[] = [];
  behaviour: (entries: readonly LogEntry[], signal: AbortSignal) => Promise<void> = async () => {};

  async write(entries: readonly LogEntry[], signal: AbortSignal): Promise<number> {
    await this.behaviour(entries, signal);
    const taken = entries.slice(0, 100);
    for (const { bytes } of taken) this.texts.push(Buffer.from(bytes).toString());
    return taken.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`);

const hang = (signal: AbortSignal) =>
  new Promise<void>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

test("what is in the spool and what comes arrives in order", async () => {
  writeLines(0, 1000);
  const sink = new FakeSink();
  await using pump = startPump(() => sink);
  await pump.caughtUp(await spool.size());
  expect(sink.texts).toEqual(lines(0, 1000));
  writeLines(1000, 1010);
  await pump.caughtUp(await spool.size());
  expect(sink.texts).toEqual(lines(0, 1010));
});

test("the end of the last line, held back until the end, is waited for as everything else", async () => {
  appendFileSync(spool.path, "2026-01-02T03:04:05.5+00:00 stdout P no newline\n");
  const sink = new FakeSink();
  const taking = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  sink.behaviour = () => {
    taking.resolve();
    return going.promise;
  };
  await using pump = startPump(() => sink);
  const size = await spool.size();
  await pump.caughtUp(size);
  pump.endAt(size);
  await taking.promise;
  const caughtUp = pump.caughtUp(size).then(() => [...sink.texts]);
  going.resolve();
  expect(await caughtUp).toEqual(["no newline"]);
});

test("after an orderly stop the next pump goes on", async () => {
  writeLines(0, 50);
  const first = new FakeSink();
  const pump = startPump(() => first);
  await pump.caughtUp(await spool.size());
  await pump[Symbol.asyncDispose]();
  writeLines(50, 60);
  const second = new FakeSink();
  await using next = startPump(() => second);
  await next.caughtUp(await spool.size());
  expect(second.texts).toEqual(lines(50, 60));
});

test("a crash between a store's write and the note of it neither repeats nor loses a line", async () => {
  const driver = new JsonFileDriver(silentLogger);
  const source = {
    containerId: "c",
    containerName: "c",
    command: ["x"],
    imageId: "i",
    imageName: "i",
    createdAt: "",
    environment: [],
    labels: {},
    directory,
    // So small that the log rotates in the middle of it, too.
    options: { "max-size": "2k", "max-file": "1000" },
  };
  writeLines(0, 500);
  let total: string[] = [];
  for (let attempt = 0; total.length < 500; attempt++) {
    const store = driver.openStore(source) as LogStore;
    let writes = 0;
    const stuck = Promise.withResolvers<void>();
    const dying: LogStore = {
      mark: () => store.mark(),
      rollBack: (mark) => store.rollBack(mark),
      read: (query, more) => store.read(query, more),
      appended: () => store.appended(),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
      async write(entries, signal) {
        const count = await store.write(entries, signal);
        writes++;
        // The entries are on the disk and nobody has noted it.
        if (writes > attempt % 3) {
          stuck.resolve();
          await hang(signal);
        }
        return count;
      },
    };
    const pump = startPump(() => dying);
    await Promise.race([stuck.promise, pump.caughtUp(await spool.size())]);
    await pump[Symbol.asyncDispose]();
    const reader = driver.openStore(source);
    total = [];
    const path = join(directory, "position.json");
    const noted = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).spool.offset : 0;
    if (noted < (await spool.size())) {
      await reader[Symbol.asyncDispose]();
      continue;
    }
    for await (const group of reader.read({ stdout: true, stderr: true })) {
      for (const { bytes } of group) total.push(Buffer.from(bytes).toString());
    }
    await reader[Symbol.asyncDispose]();
  }
  expect(total).toEqual(lines(0, 500));
});

test("a sink that is away for a while gets everything once it is back", async () => {
  writeLines(0, 300);
  const sink = new FakeSink();
  let failures = 0;
  sink.behaviour = async () => {
    if (++failures <= 3) throw new Error("connection refused");
  };
  await using pump = startPump(() => sink);
  await pump.caughtUp(await spool.size());
  expect(sink.texts).toEqual(lines(0, 300));
  expect(warnings.map(({ message }) => message)).toEqual(["the log driver takes no output"]);
});

test("of a dead sink's output only so much is kept; the rest is counted and said", async () => {
  const sink = new FakeSink();
  let dead = true;
  sink.behaviour = async () => {
    if (dead) throw new Error("connection refused");
  };
  writeLines(0, 20_000);
  await using pump = startPump(() => sink, 100_000);
  await pump.caughtUp((await spool.size()) - 100_000);
  dead = false;
  await pump.caughtUp(await spool.size());
  const notice = /^gantry: (\d+) log lines \((\d+) bytes\) were lost here\n$/;
  const said = sink.texts.filter((text) => notice.test(text)).map((text) => Number(notice.exec(text)![1]));
  const kept = sink.texts.filter((text) => !notice.test(text));
  expect(said.length).toBeGreaterThan(0);
  expect(said.reduce((sum, count) => sum + count, 0) + kept.length).toBe(20_000);
  expect(kept.at(-1)).toBe("line 19999\n");
  expect(warnings.some(({ message }) => message === "container output was lost")).toBe(true);
});

test("who reads does not wait for a store that takes nothing", async () => {
  const sink = new FakeSink();
  sink.behaviour = async () => {
    throw new Error("no space left on device");
  };
  writeLines(0, 10);
  await using pump = startPump(() => sink);
  await pump.caughtUp(await spool.size(), { unlessFailing: true });
  await pump.caughtUp(await spool.size(), { unlessFailing: true });
  expect(sink.texts).toEqual([]);
});

test("a sink that hangs does not hold the spool for ever", async () => {
  const sink = new FakeSink();
  let hanging = true;
  sink.behaviour = async (_entries, signal) => {
    if (hanging) await hang(signal);
  };
  writeLines(0, 20_000);
  await using pump = startPump(() => sink, 100_000);
  await pump.caughtUp(200_000);
  hanging = false;
  await pump.caughtUp(await spool.size());
  expect(sink.texts.at(-1)).toBe("line 19999\n");
});
