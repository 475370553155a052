import type { FileHandle } from "node:fs/promises";
import type { LogEntry } from "../../../core/logs/log-store.ts";

/** Reads entries out of the bytes of a file, which come in pieces. */
export interface EntryDecoder {
  /** The entries that `bytes` completes. What is no entry is left out. */
  decode(bytes: Buffer): LogEntry[];
}

/** How entries are kept in a file. */
export interface LogFormat {
  encode(entry: LogEntry): Buffer | string;
  decoder(): EntryDecoder;
  /** Where the last `count` entries before `sizeBytes` begin, and how many of them there are. */
  findTail(
    file: FileHandle,
    sizeBytes: number,
    count: number,
  ): Promise<{ readonly offset: number; readonly found: number }>;
}
