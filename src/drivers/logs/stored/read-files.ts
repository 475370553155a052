import type { LogEntry, LogQuery } from "../../../core/logs/log-store.ts";
import type { EntryDecoder, LogFormat } from "./log-format.ts";
import type { RotatedFile } from "./rotated-file.ts";

/** The files of a log as they come and go. */
export interface LogFiles {
  /** Those that are there, oldest first. */
  snapshot(): Promise<RotatedFile[]>;
  /** The file of a generation or, where it is gone, of the next one; undefined where there is none yet. */
  next(generation: number): Promise<RotatedFile | undefined>;
  /** The present generation. */
  generation(): number;
  /** Resolves when there may be more to read; false where there will not be. Left out: reading ends at the end. */
  more?(): Promise<boolean>;
}

/** Where the last entries begin: in the file of that index, at that offset or after that many entries. */
interface TailStart {
  readonly index: number;
  readonly offset: number;
  readonly skip: number;
}

/** Entries of a log in groups. */
export async function* readFiles(
  format: LogFormat,
  query: LogQuery,
  files: LogFiles,
): AsyncGenerator<readonly LogEntry[], void, undefined> {
  await using held = new AsyncDisposableStack();
  const present = await files.snapshot();
  for (const file of present) held.use(file);
  const filter = new EntryFilter(query);
  const tail = await findTail(format, present, query.tail);
  let last: OpenFile | undefined;
  for (let index = tail.index; index < present.length; index++) {
    const first = index === tail.index;
    last = new OpenFile(present[index]!, format.decoder(), first ? tail.offset : 0);
    yield* readOne(last, filter, first ? tail.skip : 0);
    if (filter.finished) return;
    // What was rotated away meanwhile must not keep its room on the disk.
    if (index < present.length - 1) await last.file[Symbol.asyncDispose]();
  }
  const generation = present.at(-1)?.generation ?? files.generation() - 1;
  if (files.more) yield* follow(format, filter, files, last, generation);
}

async function* follow(
  format: LogFormat,
  filter: EntryFilter,
  files: LogFiles,
  current: OpenFile | undefined,
  generation: number,
): AsyncGenerator<readonly LogEntry[], void, undefined> {
  await using held = new AsyncDisposableStack();
  let open = current;
  let reached = generation;
  for (;;) {
    // Asked before reading: a file that is not the present one any more is complete.
    const complete = files.generation() > reached;
    if (open) yield* readOne(open, filter, 0);
    if (filter.finished) return;
    if (complete || !open) {
      await open?.file[Symbol.asyncDispose]();
      open = undefined;
      const file = await files.next(reached + 1);
      if (file) {
        held.use(file);
        reached = file.generation;
        open = new OpenFile(file, format.decoder(), 0);
        continue;
      }
    }
    if (!(await files.more!())) return;
  }
}

/** A file with what was read of it. */
class OpenFile {
  readonly file: RotatedFile;
  readonly decoder: EntryDecoder;
  offset: number;

  constructor(file: RotatedFile, decoder: EntryDecoder, offset: number) {
    this.file = file;
    this.decoder = decoder;
    this.offset = offset;
  }
}

async function* readOne(
  open: OpenFile,
  filter: EntryFilter,
  skip: number,
): AsyncGenerator<readonly LogEntry[], void, undefined> {
  // Somebody emptied the log: what is in it now is new.
  if (open.file.plain && (await open.file.plain.stat()).size < open.offset) open.offset = 0;
  let left = skip;
  for await (const chunk of open.file.read(open.offset)) {
    open.offset += chunk.byteLength;
    let entries = open.decoder.decode(chunk);
    if (left > 0) {
      const dropped = Math.min(left, entries.length);
      entries = entries.slice(dropped);
      left -= dropped;
    }
    const wanted = filter.apply(entries);
    if (wanted.length > 0) yield wanted;
    if (filter.finished) return;
  }
}

async function findTail(
  format: LogFormat,
  files: readonly RotatedFile[],
  tail: number | undefined,
): Promise<TailStart> {
  if (tail === undefined) return { index: 0, offset: 0, skip: 0 };
  let missing = tail;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index]!;
    if (file.plain) {
      const { size } = await file.plain.stat();
      const { offset, found } = await format.findTail(file.plain, size, missing);
      if (found >= missing) return { index, offset, skip: 0 };
      missing -= found;
    } else {
      const entries = await countEntries(format, file);
      if (entries >= missing) return { index, offset: 0, skip: entries - missing };
      missing -= entries;
    }
  }
  return { index: 0, offset: 0, skip: 0 };
}

async function countEntries(format: LogFormat, file: RotatedFile): Promise<number> {
  const decoder = format.decoder();
  let count = 0;
  for await (const chunk of file.read(0)) count += decoder.decode(chunk).length;
  return count;
}

class EntryFilter {
  readonly #query: LogQuery;
  /** Nothing more is wanted. */
  finished = false;

  constructor(query: LogQuery) {
    this.#query = query;
  }

  apply(entries: readonly LogEntry[]): readonly LogEntry[] {
    const { stdout, stderr, sinceNs, untilNs, signal } = this.#query;
    if (signal?.aborted) this.finished = true;
    if (this.finished) return [];
    if (stdout && stderr && sinceNs === undefined && untilNs === undefined) return entries;
    const wanted: LogEntry[] = [];
    for (const entry of entries) {
      if (sinceNs !== undefined && entry.timeNs < sinceNs) continue;
      if (untilNs !== undefined && entry.timeNs > untilNs) {
        this.finished = true;
        break;
      }
      if (entry.stream === "stdout" ? stdout : stderr) wanted.push(entry);
    }
    return wanted;
  }
}
