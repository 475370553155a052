import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { internal } from "../../base/errors.ts";
import type { ProcessIdentity } from "../../core/tasks/task-runtime.ts";
import { openPipe, readFd, writeFd } from "../../os/linux/fd.ts";
import { signalPidFd } from "../../os/linux/pidfd.ts";
import { listProcesses, readProcessArguments, readProcessStat } from "../../os/linux/process.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { spawn } from "../../os/linux/spawn.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { identifyProcess, openIdentity } from "./process-identity.ts";
import { type RuntimePhase, runtimeError } from "./runtime-errors.ts";
import type { RuntimeProgram } from "./runtime-programs.ts";

/** What a monitor is started with. Source: conmon(8). */
export interface MonitorOptions {
  readonly conmonPath: string;
  readonly runtime: RuntimeProgram;
  readonly stateRoot: string;
  readonly containerId: string;
  /** Directory of the monitor's sockets, FIFOs and pid files; for a container the bundle. */
  readonly directory: string;
  /** The monitor writes the exit code into a file with the container's id there. */
  readonly exitDirectory: string;
  /** File that output is written to in the CRI format; undefined drops it. */
  readonly spoolPath: string | undefined;
  readonly tty: boolean;
  readonly openStdin: boolean;
  readonly leaveStdinOpen: boolean;
  /** First word of the command, for errors. */
  readonly program: string;
  /** For a process in a running container. */
  readonly exec?: MonitoredExec;
}

export interface MonitoredExec {
  readonly id: string;
  readonly processPath: string;
  /** Called when the attach socket is there and before the program runs. */
  readonly attach?: () => Promise<void>;
}

export interface StartedMonitor {
  readonly monitor: ProcessIdentity;
  readonly process: ProcessIdentity;
}

/** Numbers under which the monitor finds its pipes. */
const SYNC_FD = 3;
const START_FD = 4;
const ATTACH_FD = 5;
const PIPE_CHUNK_BYTES = 4096;

export const ATTACH_SOCKET = "attach";
export const CONTROL_FIFO = "ctl";
const MONITOR_COMMAND = "conmon";
const MONITOR_PID_FILE = "monitor.pid";
const PROCESS_PID_FILE = "process.pid";

/** Reads lines from a pipe without keeping the event loop waiting. */
class PipeLines {
  readonly #reactor: Reactor;
  readonly #fd: number;
  #buffered = "";

  constructor(reactor: Reactor, fd: number) {
    this.#reactor = reactor;
    this.#fd = fd;
  }

  /** The next line; undefined at the end. */
  async next(): Promise<string | undefined> {
    const chunk = new Uint8Array(PIPE_CHUNK_BYTES);
    for (;;) {
      const newline = this.#buffered.indexOf("\n");
      if (newline >= 0) {
        const line = this.#buffered.slice(0, newline);
        this.#buffered = this.#buffered.slice(newline + 1);
        return line;
      }
      await this.#reactor.readable(this.#fd);
      const size = readFd(this.#fd, chunk);
      if (size === 0) return undefined;
      this.#buffered += Buffer.from(chunk.buffer, 0, size).toString("utf8");
    }
  }
}

function buildArguments(options: MonitorOptions): string[] {
  const args = ["--api-version", "1", "--full-attach", "--no-sync-log", "--log-level", "error"];
  args.push(
    "-c",
    options.containerId,
    "-u",
    options.exec?.id ?? options.containerId,
    "-n",
    options.containerId,
  );
  args.push("-r", options.runtime.path, "-b", options.directory);
  args.push("-p", join(options.directory, PROCESS_PID_FILE), "-P", join(options.directory, MONITOR_PID_FILE));
  args.push("--exit-dir", options.exitDirectory, "--persist-dir", options.directory);
  args.push("-l", options.spoolPath === undefined ? "none" : `k8s-file:${options.spoolPath}`);
  for (const arg of options.runtime.args) args.push(`--runtime-arg=${arg}`);
  args.push(`--runtime-arg=--root=${options.stateRoot}`);
  if (options.tty) args.push("-t");
  if (options.openStdin) args.push("-i");
  if (options.leaveStdinOpen) args.push("--leave-stdin-open");
  if (options.exec) args.push("-e", "--exec-process-spec", options.exec.processPath);
  if (options.exec?.attach) args.push("--exec-attach");
  return args;
}

interface SyncMessage {
  /** Process id, or negative where the runtime failed. */
  readonly data: number;
  readonly message?: string;
}

function parseSyncMessage(line: string | undefined): SyncMessage | undefined {
  if (line === undefined) return undefined;
  const message: unknown = JSON.parse(line);
  if (message === null || typeof message !== "object" || !("data" in message)) return undefined;
  return message as SyncMessage;
}

/**
 * A monitor runs beside the process it made (a container's, not started yet; or an exec's, running). It goes on when the
 * engine ends, keeps standard streams and spool, and leaves the exit code behind.
 * Errors: the runtime's, as `runtimeError` words them; internal where the monitor itself failed.
 */
export async function startMonitor(reactor: Reactor, options: MonitorOptions): Promise<StartedMonitor> {
  const phase: RuntimePhase = options.exec ? "exec" : "create";
  using sync = openPipe();
  using start = openPipe();
  using attach = openPipe();
  const attaching = options.exec?.attach;
  const child = await spawn({
    command: options.conmonPath,
    args: buildArguments(options),
    cwd: options.directory,
    newSession: true,
    env: {
      PATH: process.env["PATH"] ?? "",
      _OCI_SYNCPIPE: String(SYNC_FD),
      ...(attaching ? { _OCI_STARTPIPE: String(START_FD), _OCI_ATTACHPIPE: String(ATTACH_FD) } : {}),
    },
    fds: {
      [SYNC_FD]: sync.writeEnd.fd,
      ...(attaching ? { [START_FD]: start.readEnd.fd, [ATTACH_FD]: attach.writeEnd.fd } : {}),
    },
  });
  sync.writeEnd.close();
  start.readEnd.close();
  attach.writeEnd.close();
  if (attaching) {
    const go = Uint8Array.of(1);
    // The first byte lets the monitor fork, the second one lets the program run.
    writeFd(start.writeEnd.fd, go);
    const ready = await new PipeLines(reactor, attach.readEnd.fd).next();
    if (ready !== undefined) {
      await attaching();
      writeFd(start.writeEnd.fd, go);
    }
  }
  const message = parseSyncMessage(await new PipeLines(reactor, sync.readEnd.fd).next());
  const exit = await child.exited;
  if (message === undefined) {
    const detail = exit.stderr.toString("utf8").trim();
    throw internal(
      `the container monitor ended without a word: ${detail === "" ? `exit code ${exit.code}` : detail}`,
    );
  }
  if (message.data < 0) throw runtimeError(phase, message.message ?? "", options.program);
  return { monitor: await readMonitor(options.directory), process: identifyProcess(message.data) };
}

async function readMonitor(directory: string): Promise<ProcessIdentity> {
  return identifyProcess(Number(await readFile(join(directory, MONITOR_PID_FILE), "utf8")));
}

/**
 * No monitor works for `directory`: one that an engine had started when it was killed, before a word came back, goes on
 * by itself and would make a container in what is about to be removed. The runtime that it runs ends with it.
 */
export async function endMonitors(reactor: Reactor, directory: string): Promise<void> {
  for (const pid of listProcesses()) {
    if (readProcessStat(pid)?.command !== MONITOR_COMMAND) continue;
    const monitor = identifyProcess(pid);
    if (!readProcessArguments(pid)?.includes(directory)) continue;
    using pidfd = openIdentity(monitor);
    if (!pidfd) continue;
    signalPidFd(pidfd.fd, constants.signals.SIGKILL);
    await reactor.onPidfdExit(pidfd.fd);
  }
}

/** Resolves when no monitor works in `directory` any more. Whatever it kept must have been ended before. */
export async function monitorGone(reactor: Reactor, directory: string): Promise<void> {
  let monitor: ProcessIdentity;
  try {
    monitor = await readMonitor(directory);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  // Long after a crash the number may be somebody else's.
  if (readProcessStat(monitor.pid)?.command !== MONITOR_COMMAND) return;
  using pidfd = openIdentity(monitor);
  if (pidfd) await reactor.onPidfdExit(pidfd.fd);
}
