import { type FileHandle, open, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { delay } from "../../base/async.ts";
import { nowNs } from "../../base/time.ts";
import type { LogEntry, LogQuery, LogReader } from "../../core/logs/log-store.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { watchDirectory } from "../../os/linux/reactor/watch-directory.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { parseCriLine } from "./cri-line.ts";
import { countRotated, findTail, rotatedPath, type SpoolPosition } from "./spool-files.ts";

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const NANOS_PER_MS = 1_000_000n;

/** Reads spools that a monitor writes, or wrote, in the CRI log format. */
export class SpoolReader implements LogReader {
  readonly #reactor: Reactor;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  async *read(
    spoolPath: string,
    query: LogQuery,
    ended: Promise<unknown>,
  ): AsyncGenerator<LogEntry, void, undefined> {
    // Watched before the first look, so that nothing written in between is missed.
    await using changes = query.follow ? new SpoolChanges(this.#reactor, spoolPath, query, ended) : undefined;
    for await (const line of readLines(spoolPath, query, changes)) {
      if (query.signal?.aborted) return;
      const entry = parseCriLine(line);
      if (!entry || !query[entry.stream]) continue;
      if (query.sinceNs !== undefined && entry.timeNs < query.sinceNs) continue;
      if (query.untilNs !== undefined && entry.timeNs > query.untilNs) return;
      yield entry;
    }
  }
}

/** Tells a follower when to look again, and when for the last time. */
class SpoolChanges implements AsyncDisposable {
  readonly #watch: AsyncDisposable;
  readonly #stopping = new AbortController();
  #changed = false;
  #finished = false;
  #wake: (() => void) | undefined;

  constructor(reactor: Reactor, spoolPath: string, query: LogQuery, ended: Promise<unknown>) {
    const name = basename(spoolPath);
    this.#watch = watchDirectory(
      reactor,
      dirname(spoolPath),
      (event) => {
        if (event.kind === "overflow" || event.name === name) this.#notify();
      },
      { kinds: ["modify", "create", "movedTo"] },
    );
    const finish = () => this.#finish();
    ended.then(finish, finish);
    query.signal?.addEventListener("abort", finish, { once: true, signal: this.#stopping.signal });
    if (query.signal?.aborted) finish();
    if (query.untilNs !== undefined) {
      const leftMs = Math.max(0, Number((query.untilNs - nowNs()) / NANOS_PER_MS));
      // Rejects when the reader is done first.
      delay(leftMs, this.#stopping.signal).then(finish, () => {});
    }
  }

  /** Resolves after something was written since the last call; false where nothing more will be. */
  async next(): Promise<boolean> {
    while (!this.#changed && !this.#finished) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const more = this.#changed || !this.#finished;
    this.#changed = false;
    return more;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#watch[Symbol.asyncDispose]();
  }

  #notify(): void {
    this.#changed = true;
    this.#wake?.();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    // What was written just before the end has its event still on the way: one more look.
    this.#notify();
  }
}

async function openSpool(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    // The monitor has not opened it yet, or the container never ran.
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function firstPosition(spoolPath: string, query: LogQuery): Promise<SpoolPosition> {
  try {
    if (query.tail !== undefined) return await findTail(spoolPath, query, Math.max(0, query.tail));
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
  return { age: await countRotated(spoolPath), offset: 0 };
}

/** Every line from where the query begins, without newlines; with `changes`, lines to come too. */
async function* readLines(
  spoolPath: string,
  query: LogQuery,
  changes: SpoolChanges | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const position = await firstPosition(spoolPath, query);
  for (let age = position.age; age > 0; age--) {
    const file = await openSpool(rotatedPath(spoolPath, age));
    if (!file) continue;
    await using lines = new LineCursor(file, age === position.age ? position.offset : 0);
    yield* lines.toEnd();
  }
  let offset = position.age === 0 ? position.offset : 0;
  for (;;) {
    const file = await openSpool(spoolPath);
    if (file) {
      await using lines = new LineCursor(file, offset);
      let rotated = false;
      do {
        // Asked before reading: after the name has moved on, the old file is complete.
        rotated = changes !== undefined && !(await lines.isFileAt(spoolPath));
        yield* lines.toEnd();
      } while (!rotated && changes && (await changes.next()));
      if (!rotated) return;
      offset = 0;
    } else if (!(await changes?.next())) return;
  }
}

/** Reads lines of one file as it grows. */
class LineCursor implements AsyncDisposable {
  readonly #file: FileHandle;
  #offset: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle, offset: number) {
    this.#file = file;
    this.#offset = offset;
  }

  /** Whether `path` still is a name of this file. A name that is nobody's yet counts: the next file is not there. */
  async isFileAt(path: string): Promise<boolean> {
    try {
      const [own, there] = await Promise.all([this.#file.stat(), stat(path)]);
      return own.ino === there.ino && own.dev === there.dev;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return true;
      throw error;
    }
  }

  /** The complete lines from where reading stopped to the present end. */
  async *toEnd(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await this.#file.read(chunk, 0, CHUNK_BYTES, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      const read = chunk.subarray(0, bytesRead);
      const text = this.#rest.byteLength > 0 ? Buffer.concat([this.#rest, read]) : read;
      let start = 0;
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
        yield text.subarray(start, end);
        start = end + 1;
      }
      this.#rest = text.subarray(start);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
