import type { LogEntry } from "../../../core/logs/log-store.ts";

/**
 * Lines of the CRI log format, `TIME STREAM TAG CONTENT`, the tag F for the end of a line and P for a part that goes on.
 * Source: Kubernetes design proposal "CRI: Log management for container stdout/stderr streams".
 */

const SPACE = 0x20;
const FULL_TAG = 0x46;
const STDOUT_LENGTH = "stdout".length;

/** A line of the spool, its content without a newline. */
export interface CriLine {
  readonly time: string;
  readonly stream: LogEntry["stream"];
  /** Whether the line goes on in the next one of its stream. */
  readonly partial: boolean;
  readonly content: Buffer;
}

/** The parts of a line (without its newline); undefined where it is no such line: a write that was cut off. */
export function parseCriLine(line: Buffer): CriLine | undefined {
  const timeEnd = line.indexOf(SPACE);
  const streamEnd = timeEnd + 1 + STDOUT_LENGTH;
  if (timeEnd < 0 || line[streamEnd] !== SPACE || line[streamEnd + 2] !== SPACE) return undefined;
  const stream = line.toString("latin1", timeEnd + 1, streamEnd);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  return {
    time: line.toString("latin1", 0, timeEnd),
    stream,
    partial: line[streamEnd + 1] !== FULL_TAG,
    content: line.subarray(streamEnd + 3),
  };
}
