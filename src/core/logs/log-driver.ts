import type { LogEntry, LogQuery } from "./log-store.ts";

/** How a sink wants to be tried again; the engine's own way where left out. */
export interface SinkRetry {
  readonly waitMs: number;
  /** Failures in a row after which entries are given up; endless where left out. */
  readonly attempts?: number;
}

/**
 * Where a container's output goes. One writer at a time.
 *
 * Life cycle: opened without touching the network or the disk → `write`, again and again → disposed.
 */
export interface LogSink extends AsyncDisposable {
  readonly retry?: SinkRetry;
  /** Output that may wait for this sink, in bytes; the engine's own bound where left out. */
  readonly maxBacklogBytes?: number;
  /** Whoever takes the entries knows of the container, before there are any. Only where somebody may ask there. */
  prepare?(signal: AbortSignal): Promise<void>;
  /**
   * Entries from the front of `entries` are handed over; resolves with how many, one at least. After a rejection none
   * was taken, and the same entries are offered again. Rejects soon after `signal` is aborted.
   */
  write(entries: readonly LogEntry[], signal: AbortSignal): Promise<number>;
}

/** What a store had at some moment: all that was written by then. A plain JSON value. */
export interface StoreMark {
  /** Identifies the file. */
  readonly file: string;
  readonly sizeBytes: number;
}

/** A sink that keeps entries on disk and can be read. */
export interface LogStore extends LogSink {
  /** After an error `write` has left nothing behind. */
  mark(): StoreMark | undefined;
  /** Takes back what was written after the mark: after a crash it is written again. */
  rollBack(mark: StoreMark): Promise<void>;
  /**
   * Entries in groups, oldest first. At the end `more` is asked whether there will be more, and answers when there may
   * be; without it reading ends there. What was rotated away meanwhile is skipped.
   */
  read(query: LogQuery, more?: () => Promise<boolean>): AsyncIterable<readonly LogEntry[]>;
  /** Resolves after the next write, or when the store is disposed. */
  appended(): Promise<void>;
}

/** What a driver knows of the container. */
export interface LogSource {
  readonly containerId: string;
  /** Without a leading slash. */
  readonly containerName: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly imageId: string;
  readonly imageName: string;
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
  /** `KEY=VALUE`. */
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Directory of the container's own files. */
  readonly directory: string;
  readonly options: LogOptions;
}

export type LogOptions = Readonly<Record<string, string>>;

/** A way to keep or send logs, by docker's name. */
export interface LogDriver {
  readonly name: string;
  /** Errors: invalidArgument with docker's text. */
  validate(options: LogOptions): void;
  /** Where the driver sends logs. Left out by drivers that keep them. */
  openSink?(source: LogSource): LogSink;
  /** Where the driver keeps logs. Left out by drivers that send them. */
  openStore?(source: LogSource): LogStore;
  /**
   * What the place where logs are sent gives back, with `follow` until it ends or `signal` is aborted; undefined where it
   * gives nothing. Errors: unavailable, internal.
   */
  readBack?(
    source: LogSource,
    query: LogQuery,
    follow: boolean,
    signal: AbortSignal,
  ): Promise<AsyncIterable<readonly LogEntry[]> | undefined>;
  /** Whether `readBack` ever gives anything. Errors: unavailable, internal. */
  givesBack?(): Promise<boolean>;
  /** The file that `inspect` shows; empty where there is none. */
  logPath(source: Pick<LogSource, "containerId" | "directory">): string;
}

/** Log drivers by name, those of plug-ins among them. */
export interface LogDrivers {
  /** The engine's own. */
  readonly builtin: readonly LogDriver[];
  /** The driver of a container that is stored; that of a plug-in whether or not anyone answers by that name now. */
  known(name: string): LogDriver;
  /** Whether a new container may have it: it is the engine's own, or its plug-in answers. */
  has(name: string): Promise<boolean>;
}
