import { parseRfc3339Nano } from "../../base/time.ts";
import type { LogEntry } from "../../core/logs/log-store.ts";

/**
 * Lines of the CRI log format, `TIME STREAM TAG CONTENT`, the tag F for the end of a line and P for a part that goes on.
 * Source: Kubernetes design proposal "CRI: Log management for container stdout/stderr streams".
 */

const SPACE = 0x20;
const FULL_TAG = 0x46;
const NEWLINE = Buffer.from("\n");

/** What of a line is known without looking at its content. */
export interface CriHeader {
  readonly time: string;
  readonly stream: "stdout" | "stderr";
  readonly partial: boolean;
  readonly contentStart: number;
}

/** The head of a line (without its newline); undefined where it is no such line. */
export function parseCriHeader(line: Buffer): CriHeader | undefined {
  const timeEnd = line.indexOf(SPACE);
  const streamEnd = line.indexOf(SPACE, timeEnd + 1);
  const tagEnd = line.indexOf(SPACE, streamEnd + 1);
  if (timeEnd < 0 || streamEnd < 0 || tagEnd < 0) return undefined;
  const stream = line.toString("latin1", timeEnd + 1, streamEnd);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const time = line.toString("latin1", 0, timeEnd);
  return { time, stream, partial: line[streamEnd + 1] !== FULL_TAG, contentStart: tagEnd + 1 };
}

/** The entry of a line; undefined where it is none (a write that a crash of the host cut off). */
export function parseCriLine(line: Buffer): LogEntry | undefined {
  const header = parseCriHeader(line);
  const timeNs = header && parseRfc3339Nano(header.time);
  if (!header || timeNs === undefined) return undefined;
  const content = line.subarray(header.contentStart);
  const bytes = header.partial ? content : Buffer.concat([content, NEWLINE]);
  return { timeNs, stream: header.stream, bytes, partial: header.partial };
}
