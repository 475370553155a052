import type { LogEntry } from "../../core/logs/log-store.ts";
import { decodeLogMessage, LocalFormat } from "../logs/mod.ts";

const LENGTH_BYTES = 4;
/** Longer than any line that an engine cuts its output into. */
const LONGEST_MESSAGE_BYTES = 1024 * 1024;
const format = new LocalFormat();

/** The entry as plug-ins read it: its length, then docker's `LogEntry`. Source: moby, api/types/plugins/logdriver. */
export function encodeFrame(entry: LogEntry): Buffer {
  // The local driver writes the length behind the message as well.
  return format.encode(entry).subarray(0, -LENGTH_BYTES);
}

/**
 * Entries as their pieces come. Lines on the way to a plug-in have no newline, those of its answer have theirs.
 * Errors: an Error where it is no such stream. Source: moby, daemon/logger/adapter.go, ReadLogs.
 */
export async function* decodeFrames(
  pieces: AsyncIterable<Buffer>,
  newline: "added" | "included",
): AsyncGenerator<LogEntry[], void, undefined> {
  let data: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    data = data.byteLength > 0 ? Buffer.concat([data, piece]) : piece;
    const entries: LogEntry[] = [];
    while (data.byteLength >= LENGTH_BYTES) {
      const size = data.readUInt32BE();
      if (size > LONGEST_MESSAGE_BYTES)
        throw new Error("the log plug-in sends no entries of a believable length");
      if (data.byteLength < LENGTH_BYTES + size) break;
      entries.push(decodeLogMessage(data.subarray(LENGTH_BYTES, LENGTH_BYTES + size), newline));
      data = data.subarray(LENGTH_BYTES + size);
    }
    if (entries.length > 0) yield entries;
  }
}
