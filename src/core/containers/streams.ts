import type { LogEntry } from "../logs/log-store.ts";
import type { OutputChunk } from "../tasks/task-runtime.ts";

/**
 * A client's hold on the standard streams of a container or exec.
 *
 * Life cycle: live when it is returned; the client's side reads `output` to its end, forwards input through `write`, and
 * calls `close` once the connection is over, whichever side ended it.
 */
export interface AttachSession {
  /** With a terminal output goes out as it is; without one it is framed. */
  readonly tty: boolean;
  /** Ends when the process has ended and everything was read, when the detach keys were typed, or after `close`. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Writes to stdin; resolves when taken, which is the pace at which the client is read. */
  write(bytes: Uint8Array): Promise<void>;
  /** The client has no more input. */
  closeStdin(): Promise<void>;
  /** Ends the session; the process is not touched. Idempotent. */
  close(): void;
}

/** A log entry with what `details=1` shows of it. */
export interface DetailedLogEntry extends LogEntry {
  /** Labels and environment that the log driver was told to add. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A container's log. */
export interface ContainerLogs {
  readonly tty: boolean;
  /** Entries in the groups in which they were read; none is empty. */
  readonly groups: AsyncIterable<readonly DetailedLogEntry[]>;
}
