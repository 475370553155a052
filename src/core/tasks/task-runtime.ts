import type { RuntimeSpec } from "../../spec/oci-runtime/runtime-spec.ts";

/** A process that is recognised again after its pid was reused: pid and start time in clock ticks since boot. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
}

/** All that a new daemon needs to find a task again; stored in the container's record. */
export interface TaskHandle {
  readonly containerId: string;
  /** OCI runtime by name (`crun`) and the path of its program. */
  readonly runtime: string;
  readonly bundle: string;
  readonly monitor: ProcessIdentity;
  readonly process: ProcessIdentity;
  readonly cgroupPath: string;
  readonly tty: boolean;
  readonly stdinOpen: boolean;
  /** Stdin closes when the first client that wrote to it goes. */
  readonly stdinOnce: boolean;
}

/** What a task is made from. */
export interface TaskSpec {
  readonly containerId: string;
  readonly runtime: string;
  /** Directory of the bundle; made by the runtime driver, with `config.json` from `spec`. */
  readonly bundle: string;
  readonly spec: RuntimeSpec;
  readonly tty: boolean;
  /** Whether stdin is held open for attaching clients. */
  readonly openStdin: boolean;
  /** Whether stdin closes when the first client that wrote to it goes. */
  readonly stdinOnce: boolean;
  /** The spool: the file the monitor appends output to, in the CRI log format; undefined where nobody wants it. */
  readonly spoolPath: string | undefined;
}

export interface ExitStatus {
  /** Exit code, or 128 + signal. */
  readonly exitCode: number;
  /** RFC 3339 with nanoseconds. */
  readonly exitedAt: string;
  readonly oomKilled: boolean;
}

export type OutputStream = "stdout" | "stderr";

/** A piece of output, in the order in which the monitor read it. With a terminal everything is `stdout`. */
export interface OutputChunk {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

export interface AttachmentOptions {
  /** Whether the client has the say over stdin: where its end is that of stdin, so is its going. */
  readonly stdin: boolean;
}

/** One client's connection to a task's or exec's standard streams. Many may exist at once; each sees all output from when it was made. */
export interface TaskAttachment extends Disposable {
  /** Output until the process has ended and everything was read. The reader's pace is the connection's pace. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Writes to stdin; resolves when taken, or when this end is closed. After the process's end bytes go nowhere. */
  write(bytes: Uint8Array): Promise<void>;
  /** Closes stdin where the task was made with `stdinOnce` or is an exec. */
  closeStdin(): Promise<void>;
  /** Ends the connection; the process is not touched. Idempotent. */
  close(): void;
}

/** A process added to a running task. */
export interface ExecSpec {
  readonly execId: string;
  /** OCI process document of the exec. */
  readonly process: RuntimeSpec["process"];
  readonly tty: boolean;
  readonly openStdin: boolean;
  /** Nobody will attach: output is dropped. */
  readonly detached: boolean;
}

export interface ExecProcess {
  readonly execId: string;
  readonly pid: number;
  attach(options: AttachmentOptions): Promise<TaskAttachment>;
  resize(size: TerminalSize): Promise<void>;
  kill(signal: number): Promise<void>;
  /** Resolves at the end of the process. */
  wait(): Promise<ExitStatus>;
  /** Removes what the exec left behind. Idempotent; called after `wait`. */
  delete(): Promise<void>;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The running form of a container.
 *
 * Life cycle: created (process made, user program not started) → start → running ⇄ paused → ended → delete.
 */
export interface Task {
  readonly handle: TaskHandle;
  /** Runs the user's program. Errors: invalidArgument/notFound/permissionDenied with the OCI runtime's text where it cannot be run. */
  start(): Promise<void>;
  /** Sends a signal to PID 1, or to every process with `all`. Errors: notFound where it has ended. */
  kill(signal: number, options?: { readonly all?: boolean }): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  attach(options: AttachmentOptions): Promise<TaskAttachment>;
  resize(size: TerminalSize): Promise<void>;
  exec(spec: ExecSpec): Promise<ExecProcess>;
  /** Process ids in the container as the host sees them. */
  pids(): Promise<number[]>;
  /** Applies the resource part of an OCI spec to the running task. */
  update(resources: NonNullable<RuntimeSpec["linux"]>["resources"]): Promise<void>;
  /**
   * Calls `onOom` each time that the kernel ran out of the container's memory, until disposed: it killed a process, or let
   * it wait where killing is off. Errors: notFound where the container has ended.
   */
  watchOom(onOom: () => void): AsyncDisposable;
  /** Resolves once the process has ended; at once if it has. Every caller gets the same status. */
  wait(): Promise<ExitStatus>;
  /** Removes runtime state, cgroup and bundle. Idempotent; kills what still runs. */
  delete(): Promise<void>;
}

export interface TaskRuntime {
  /** Names of the OCI runtimes that were found, the default one first. */
  readonly runtimes: ReadonlyArray<{ readonly name: string; readonly path: string }>;
  /**
   * Makes bundle, monitor and container process, stopped before the user's program. Crash: a task that was created
   * but is in no record is found by its bundle directory and removed by `removeOrphans`.
   * Errors: invalidArgument/notFound with the OCI runtime's text.
   */
  create(spec: TaskSpec): Promise<Task>;
  /** The task of a handle as it is now: running, or ended with its status known; undefined where nothing is left of it. */
  adopt(handle: TaskHandle): Promise<Task | undefined>;
  /** Ends and removes every task of this engine whose container id is not in `known`. */
  removeOrphans(known: ReadonlySet<string>): Promise<void>;
  close(): Promise<void>;
}
