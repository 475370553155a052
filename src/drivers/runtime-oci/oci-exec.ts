import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument } from "../../base/errors.ts";
import type {
  AttachmentOptions,
  ExecProcess,
  ExecSpec,
  ExitStatus,
  ProcessIdentity,
  TaskAttachment,
  TaskHandle,
  TerminalSize,
} from "../../core/tasks/task-runtime.ts";
import { resizeTerminal } from "./control-fifo.ts";
import type { EngineContext } from "./engine-context.ts";
import { ATTACH_SOCKET, CONTROL_FIFO, startMonitor } from "./monitor.ts";
import { MonitorStreams } from "./monitor-streams.ts";
import { signalProcess, waitForExit } from "./monitored-process.ts";
import { readRecordedExit } from "./recorded-exit.ts";
import type { RuntimeProgram } from "./runtime-programs.ts";
import { serializeDocument } from "./serialize-document.ts";

const PROCESS_FILE = "process.json";
const EXITS = "exits";

/** A process in a running container, with a monitor of its own. */
export class OciExec implements ExecProcess {
  readonly execId: string;
  readonly pid: number;
  readonly #directory: string;
  readonly #identity: ProcessIdentity;
  readonly #streams: MonitorStreams;
  readonly #exit: Promise<ExitStatus>;
  #first: TaskAttachment | undefined;

  private constructor(
    context: EngineContext,
    spec: ExecSpec,
    directory: string,
    exitFile: string,
    identities: { readonly monitor: ProcessIdentity; readonly process: ProcessIdentity },
    streams: { readonly all: MonitorStreams; readonly first: TaskAttachment | undefined },
  ) {
    this.execId = spec.execId;
    this.pid = identities.process.pid;
    this.#directory = directory;
    this.#identity = identities.process;
    this.#streams = streams.all;
    this.#first = streams.first;
    this.#exit = waitForExit(
      context.reactor,
      context.closing.signal,
      identities.monitor,
      identities.process,
      // No watch of its own: the kernel takes 20 ms to close one, and holds up all others meanwhile.
      { read: () => readRecordedExit(exitFile) },
    ).then((exit) => ({ ...exit, oomKilled: false }));
    // An engine that closes while nobody waits has nobody to tell.
    this.#exit.catch(() => {});
  }

  /** Runs the process of `spec` in the task's container. Errors: invalidArgument/internal with the runtime's text. */
  static async start(
    context: EngineContext,
    runtime: RuntimeProgram,
    handle: TaskHandle,
    spec: ExecSpec,
  ): Promise<OciExec> {
    if (!spec.process) throw invalidArgument("No exec command specified");
    const directory = join(handle.bundle, "exec", spec.execId);
    const exitDirectory = join(directory, EXITS);
    await mkdir(exitDirectory, { recursive: true, mode: 0o700 });
    const processPath = join(directory, PROCESS_FILE);
    await writeFile(processPath, serializeDocument(spec.process), { mode: 0o600 });
    const streams = new MonitorStreams(context.reactor, {
      socketPath: join(directory, ATTACH_SOCKET),
      closesStdin: spec.openStdin && !spec.tty,
    });
    let first: TaskAttachment | undefined;
    const connect = async () => {
      first = await streams.join({ stdin: spec.openStdin });
    };
    try {
      const identities = await startMonitor(context.reactor, {
        conmonPath: context.conmonPath,
        runtime,
        stateRoot: context.stateRootOf(runtime),
        containerId: handle.containerId,
        directory,
        exitDirectory,
        spoolPath: undefined,
        tty: spec.tty,
        openStdin: spec.openStdin,
        leaveStdinOpen: false,
        program: spec.process.args?.[0] ?? "",
        exec: { id: spec.execId, processPath, ...(spec.detached ? {} : { attach: connect }) },
      });
      return new OciExec(context, spec, directory, join(exitDirectory, handle.containerId), identities, {
        all: streams,
        first,
      });
    } catch (error) {
      first?.close();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  async attach(options: AttachmentOptions): Promise<TaskAttachment> {
    // The connection that was there before the program ran has seen everything.
    const first = this.#first;
    this.#first = undefined;
    return first ?? (await this.#streams.join(options));
  }

  async resize(size: TerminalSize): Promise<void> {
    await resizeTerminal(join(this.#directory, CONTROL_FIFO), size);
  }

  async kill(signal: number): Promise<void> {
    signalProcess(this.#identity, signal, `exec ${this.execId}`);
  }

  wait(): Promise<ExitStatus> {
    return this.#exit;
  }

  async delete(): Promise<void> {
    this.#first?.close();
    this.#first = undefined;
    await rm(this.#directory, { recursive: true, force: true });
  }
}
