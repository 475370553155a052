import { open, stat } from "node:fs/promises";
import type { LogQuery } from "../../core/logs/log-store.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { parseCriHeader } from "./cri-line.ts";

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The name of the spool's `age`th rotated file: the monitor's own is 0, the one before it 1. */
export function rotatedPath(spoolPath: string, age: number): string {
  return age === 0 ? spoolPath : `${spoolPath}.${age}`;
}

/** How many rotated files a spool has. */
export async function countRotated(spoolPath: string): Promise<number> {
  for (let age = 1; ; age++) {
    try {
      await stat(rotatedPath(spoolPath, age));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return age - 1;
      throw error;
    }
  }
}

/** Lines of a file from the last to the first, each with the offset of its first byte. A last line without end is left out. */
async function* readLinesBackwards(
  path: string,
): AsyncGenerator<{ line: Buffer; start: number }, void, undefined> {
  await using file = await open(path, "r");
  let position = (await file.stat()).size;
  let tail: Buffer = Buffer.alloc(0);
  // Everything after the last newline is not a line yet.
  let complete = false;
  while (position > 0) {
    const size = Math.min(BLOCK_BYTES, position);
    position -= size;
    const block = Buffer.alloc(size);
    await file.read(block, 0, size, position);
    let text = tail.byteLength > 0 ? Buffer.concat([block, tail]) : block;
    for (let end = text.lastIndexOf(NEWLINE); end >= 0; end = text.lastIndexOf(NEWLINE)) {
      if (complete) yield { line: text.subarray(end + 1), start: position + end + 1 };
      complete = true;
      text = text.subarray(0, end);
    }
    tail = text;
  }
  if (complete) yield { line: tail, start: 0 };
}

/** Where reading begins: a file of the spool and an offset in it. */
export interface SpoolPosition {
  readonly age: number;
  readonly offset: number;
}

/** Where the last `count` lines that the query asks for begin. A line in parts is one line. */
export async function findTail(spoolPath: string, query: LogQuery, count: number): Promise<SpoolPosition> {
  const oldest = await countRotated(spoolPath);
  let left = count;
  // A stream that ends in a part has one line more than ends of lines.
  const untouched = new Set(["stdout", "stderr"]);
  for (let age = 0; age <= oldest; age++) {
    for await (const { line, start } of readLinesBackwards(rotatedPath(spoolPath, age))) {
      const header = parseCriHeader(line);
      if (!header || !query[header.stream]) continue;
      const isFirst = untouched.delete(header.stream);
      if (header.partial && !isFirst) continue;
      if (left === 0) return { age, offset: start + line.byteLength + 1 };
      left--;
    }
  }
  return { age: oldest, offset: 0 };
}
