import { type ChildProcess, spawn as spawnChild } from "node:child_process";
import { once } from "node:events";
import { readSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { canceled } from "../../base/errors.ts";
import { ERRNO } from "./errno.ts";
import { OwnedFd, writeFd } from "./fd.ts";
import { fcntl, ftruncate, lseek, memfdCreate } from "./libc.ts";
import { check, SyscallError } from "./syscall-error.ts";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_SEAL_SHRINK = 2;
const F_SEAL_GROW = 4;
const SEEK_SET = 0;
const SEEK_CUR = 1;

const DEFAULT_OUTPUT_BYTES = 1024 * 1024;
/** The kernel applies the seal page by page and a bound inside a page would refuse all of it; arm64's largest page. */
const PAGE_BYTES = 64 * 1024;

/** Where a child's standard stream leads: nowhere, to a descriptor of this process, into memory, or to a stream here. */
export type OutputTarget = "ignore" | "inherit" | "collect" | "pipe" | { readonly fd: number };
export type InputSource = "ignore" | "inherit" | "pipe" | Uint8Array | { readonly fd: number };

export interface SpawnOptions {
  /** The program: a path, or a name looked up in `PATH` of `env`. */
  readonly command: string;
  readonly args?: readonly string[];
  /** The whole environment of the child. Default: this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default "ignore". Bytes are read by the child as a file. */
  readonly stdin?: InputSource;
  /** Default "ignore". */
  readonly stdout?: OutputTarget;
  /** Default "collect". */
  readonly stderr?: OutputTarget;
  /** Descriptors of this process by the number that the child finds them under, 3 and above. They stay open here. */
  readonly fds?: Readonly<Record<number, number>>;
  /** Most that is kept of each collected stream, in whole pages; the child's writes beyond it fail. Default 1 MiB. */
  readonly maxOutputBytes?: number;
  /** The child is killed (SIGKILL) after that time. */
  readonly timeoutMs?: number;
  /** The child is killed (SIGKILL) when aborted. */
  readonly signal?: AbortSignal;
  /** Leads a session of its own, so that signals of the terminal do not reach it. */
  readonly newSession?: boolean;
  readonly uid?: number;
  readonly gid?: number;
}

export interface ChildExit {
  /** The exit code; undefined for a child that a signal ended. */
  readonly code: number | undefined;
  /** Name of the signal that ended the child. */
  readonly signal: NodeJS.Signals | undefined;
  /** What was collected; empty for streams that were not. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly timedOut: boolean;
}

export interface Child {
  readonly pid: number;
  /** Resolves when the child itself has ended, whatever processes it left behind. Rejects when aborted. */
  readonly exited: Promise<ChildExit>;
  /** Streams that were asked for as "pipe". */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  /** Sends a signal; false once the child has ended. */
  kill(signal: NodeJS.Signals | number): boolean;
  /** Whether the child keeps this process alive. */
  ref(): void;
  unref(): void;
}

/**
 * A file in memory as a child's stream: nobody has to read it while the child runs, its size is bounded by a seal, and
 * processes that the child leaves behind do not keep anybody waiting.
 */
class MemoryStream implements Disposable {
  readonly #file: OwnedFd;

  private constructor(name: string) {
    this.#file = new OwnedFd(check("memfd_create", memfdCreate(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  }

  static forOutput(maxBytes: number): MemoryStream {
    const stream = new MemoryStream("output");
    check("ftruncate", ftruncate(stream.fd, Math.ceil(maxBytes / PAGE_BYTES) * PAGE_BYTES));
    check("fcntl", fcntl(stream.fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
    return stream;
  }

  static forInput(bytes: Uint8Array): MemoryStream {
    const stream = new MemoryStream("input");
    writeFd(stream.fd, bytes);
    check("lseek", lseek(stream.fd, 0, SEEK_SET));
    return stream;
  }

  get fd(): number {
    return this.#file.fd;
  }

  /** What was written: the child shares the file's position, and that is where its last write ended. */
  take(): Buffer {
    const content = Buffer.alloc(check("lseek", lseek(this.fd, 0, SEEK_CUR)));
    let length = 0;
    while (length < content.byteLength) {
      const read = readSync(this.fd, content, length, content.byteLength - length, length);
      if (read === 0) break;
      length += read;
    }
    return content.subarray(0, length);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

type Stdio = "ignore" | "inherit" | "pipe" | number;

interface Streams extends Disposable {
  readonly stdio: Stdio[];
  readonly stdout: MemoryStream | undefined;
  readonly stderr: MemoryStream | undefined;
}

function openStreams(options: SpawnOptions): Streams {
  const maxBytes = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
  using opened = new DisposableStack();
  const output = (target: OutputTarget): [Stdio, MemoryStream | undefined] => {
    if (target === "collect") {
      const memory = opened.use(MemoryStream.forOutput(maxBytes));
      return [memory.fd, memory];
    }
    return [typeof target === "object" ? target.fd : target, undefined];
  };
  const input = options.stdin ?? "ignore";
  const [stdout, stdoutMemory] = output(options.stdout ?? "ignore");
  const [stderr, stderrMemory] = output(options.stderr ?? "collect");
  let stdin: Stdio;
  if (input instanceof Uint8Array) stdin = opened.use(MemoryStream.forInput(input)).fd;
  else stdin = typeof input === "object" ? input.fd : input;

  const stdio: Stdio[] = [stdin, stdout, stderr];
  for (const [number, fd] of Object.entries(options.fds ?? {})) {
    while (stdio.length < Number(number)) stdio.push("ignore");
    stdio[Number(number)] = fd;
  }
  const kept = opened.move();
  return { stdio, stdout: stdoutMemory, stderr: stderrMemory, [Symbol.dispose]: () => kept.dispose() };
}

/**
 * A child process runs with exactly the descriptors that were named (everything the engine opens is closed on exec).
 * Resolves once it has been started. Errors: SyscallError "spawn" (ENOENT, EACCES) where the program cannot be
 * started; canceled where the signal was aborted before.
 */
export async function spawn(options: SpawnOptions): Promise<Child> {
  if (options.signal?.aborted) throw canceled("context canceled");
  const streams = openStreams(options);
  let child: ChildProcess;
  try {
    child = spawnChild(options.command, options.args ?? [], {
      stdio: streams.stdio,
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      detached: options.newSession ?? false,
    });
  } catch (error) {
    streams[Symbol.dispose]();
    throw startFailure(error, options.command);
  }
  if (child.pid === undefined) {
    const [error] = (await once(child, "error")) as [unknown];
    streams[Symbol.dispose]();
    throw startFailure(error, options.command);
  }
  const exited = watchExit(child, options, streams);
  // Whoever does not ask for the exit must not be told of an abort as an unhandled rejection.
  exited.catch(() => {});
  return {
    pid: child.pid,
    exited,
    stdin: child.stdin ?? undefined,
    stdout: child.stdout ?? undefined,
    stderr: child.stderr ?? undefined,
    kill: (signal) => child.kill(signal),
    ref: () => child.ref(),
    unref: () => child.unref(),
  };
}

/** Starts a child and waits for its end. Errors: as `spawn`; canceled when aborted, after the child was killed. */
export async function run(options: SpawnOptions): Promise<ChildExit> {
  const child = await spawn(options);
  return await child.exited;
}

function startFailure(error: unknown, command: string): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const errno = ERRNO[String(error.code)];
  return errno === undefined ? error : new SyscallError("spawn", errno, command);
}

function watchExit(child: ChildProcess, options: SpawnOptions, streams: Streams): Promise<ChildExit> {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const onAbort = () => child.kill("SIGKILL");
    const onTimeout = () => {
      timedOut = true;
      child.kill("SIGKILL");
    };
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(onTimeout, options.timeoutMs);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      using held = streams;
      if (options.signal?.aborted) return reject(canceled("context canceled"));
      resolve({
        code: code ?? undefined,
        signal: signal ?? undefined,
        stdout: held.stdout?.take() ?? Buffer.alloc(0),
        stderr: held.stderr?.take() ?? Buffer.alloc(0),
        timedOut,
      });
    });
  });
}
