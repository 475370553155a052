/** Where an entry stands in a line that was too long for one entry. */
export interface LogPart {
  /** The same for all parts of a line. */
  readonly id: string;
  /** From 1. */
  readonly ordinal: number;
  readonly last: boolean;
}

/** One line, or a part of a long line, that a container wrote. */
export interface LogEntry {
  readonly timeNs: bigint;
  readonly stream: "stdout" | "stderr";
  /** The line with its newline, unless it is a part of a line that goes on. */
  readonly bytes: Uint8Array;
  readonly partial: boolean;
  readonly part?: LogPart | undefined;
}

export interface LogQuery {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  /** Last entries only, of both streams; undefined for all. */
  readonly tail?: number;
  readonly signal?: AbortSignal;
}
