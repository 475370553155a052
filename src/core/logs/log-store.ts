/** One line, or a part of a long line, that a container wrote. */
export interface LogEntry {
  readonly timeNs: bigint;
  readonly stream: "stdout" | "stderr";
  /** The line with its newline, unless it is a part of a line that goes on. */
  readonly bytes: Uint8Array;
  readonly partial: boolean;
}

export interface LogQuery {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  /** Last lines only; undefined for all. */
  readonly tail?: number;
  /** Go on until the container has ended and everything was read. */
  readonly follow: boolean;
  readonly signal?: AbortSignal;
}

/** Reads what a container wrote, from the monitor's spool. */
export interface LogReader {
  /** `ended` resolves when the container's process has ended: following stops after what was written until then. */
  read(spoolPath: string, query: LogQuery, ended: Promise<unknown>): AsyncIterable<LogEntry>;
}
