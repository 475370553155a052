import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { conflict, internal, messageOf, notFound } from "../../base/errors.ts";
import type {
  AttachmentOptions,
  ExecProcess,
  ExecSpec,
  ExitStatus,
  Task,
  TaskAttachment,
  TaskHandle,
  TerminalSize,
} from "../../core/tasks/task-runtime.ts";
import { type Cgroup, openCgroup } from "../../os/linux/cgroup/cgroup.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { LinuxResources } from "../../spec/oci-runtime/resources.ts";
import { resizeTerminal } from "./control-fifo.ts";
import type { EngineContext } from "./engine-context.ts";
import { ATTACH_SOCKET, CONTROL_FIFO, monitorGone } from "./monitor.ts";
import { MonitorStreams } from "./monitor-streams.ts";
import { signalProcess, waitForExit } from "./monitored-process.ts";
import { OciExec } from "./oci-exec.ts";
import { lastMessage, runtimeError } from "./runtime-errors.ts";
import { type RuntimeProgram, runRuntime } from "./runtime-programs.ts";
import { unlimited, withoutUnlimited } from "./spec/resources.ts";

/** The monitor leaves an empty file of that name in the bundle when the kernel killed for memory. */
const OOM_FILE = "oom";
const RESOURCES_FILE = "resources.json";
/** What crun says where another crun is in the middle of removing the last of the state, or died there. */
const HALF_REMOVED = /^error loading `[^`]*\/config\.json`/;

/** A container made by an OCI runtime and kept by a monitor. */
export class OciTask implements Task {
  readonly handle: TaskHandle;
  readonly #context: EngineContext;
  readonly #runtime: RuntimeProgram;
  readonly #streams: MonitorStreams;
  #exit: Promise<ExitStatus> | undefined;
  #released: Promise<void> | undefined;

  constructor(context: EngineContext, runtime: RuntimeProgram, handle: TaskHandle) {
    this.#context = context;
    this.#runtime = runtime;
    this.handle = handle;
    this.#streams = new MonitorStreams(context.reactor, {
      socketPath: join(handle.bundle, ATTACH_SOCKET),
      closesStdin: handle.stdinOnce && !handle.tty,
    });
  }

  async start(): Promise<void> {
    const { code, stderr } = await this.#command("start", this.handle.containerId);
    if (code !== 0) throw runtimeError("start", stderr.toString("utf8"), "");
  }

  async kill(signal: number, options: { readonly all?: boolean } = {}): Promise<void> {
    if (this.#recordedExit()) throw this.#notRunning();
    if (!options.all)
      return signalProcess(this.handle.process, signal, `container ${this.handle.containerId}`);
    await this.#require("kill", "--all", this.handle.containerId, String(signal));
  }

  async pause(): Promise<void> {
    await this.#require("pause", this.handle.containerId);
  }

  async resume(): Promise<void> {
    await this.#require("resume", this.handle.containerId);
  }

  attach(options: AttachmentOptions): Promise<TaskAttachment> {
    return this.#streams.join(options);
  }

  async resize(size: TerminalSize): Promise<void> {
    await resizeTerminal(join(this.handle.bundle, CONTROL_FIFO), size);
  }

  async exec(spec: ExecSpec): Promise<ExecProcess> {
    if (this.#recordedExit()) throw this.#notRunning();
    return await OciExec.start(this.#context, this.#runtime, this.handle, spec);
  }

  async pids(): Promise<number[]> {
    const exit = await this.#require("ps", "--format", "json", this.handle.containerId);
    const pids: unknown = JSON.parse(exit);
    return Array.isArray(pids) ? pids.filter((pid) => typeof pid === "number") : [];
  }

  async update(resources: LinuxResources = {}): Promise<void> {
    const path = join(this.handle.bundle, RESOURCES_FILE);
    await writeFile(path, JSON.stringify(withoutUnlimited(resources)), { mode: 0o600 });
    await this.#require("update", "--resources", path, this.handle.containerId);
    const lifted = unlimited(resources);
    if (Object.keys(lifted).length === 0) return;
    this.#cgroup().setLimits(lifted);
  }

  watchOom(onOom: () => void): AsyncDisposable {
    try {
      return this.#cgroup().watchOom(this.#context.reactor, onOom);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENODEV")) throw this.#notRunning();
      throw error;
    }
  }

  #cgroup(): Cgroup {
    return openCgroup(this.#context.cgroupWorld, this.handle.cgroupPath);
  }

  wait(): Promise<ExitStatus> {
    this.#exit ??= this.#waitForExit();
    return this.#exit;
  }

  async delete(): Promise<void> {
    // Forced: what still runs is killed, which is also what makes the monitor record the exit.
    await this.#releaseRuntime();
    await this.wait();
    // Its last files come after the exit code: a bundle removed under its hands would come back.
    await monitorGone(this.#context.reactor, this.handle.bundle);
    await rm(this.handle.bundle, { recursive: true, force: true });
    this.#context.exits.remove(this.handle.containerId);
  }

  #recordedExit() {
    return this.#context.exits.read(this.handle.containerId);
  }

  #notRunning() {
    return notFound(`container ${this.handle.containerId} is not running`);
  }

  async #waitForExit(): Promise<ExitStatus> {
    const id = this.handle.containerId;
    const { exits, reactor, logger, closing } = this.#context;
    const exit = await waitForExit(reactor, closing.signal, this.handle.monitor, this.handle.process, {
      read: () => exits.read(id),
      wait: () => exits.wait(id),
    });
    const status = { ...exit, oomKilled: existsSync(join(this.handle.bundle, OOM_FILE)) };
    // The runtime's state goes while the caller records the exit; `delete` waits for it and reports a failure.
    this.#releaseRuntime().catch((error) => {
      logger.warn({ container: id, error: messageOf(error) }, "the runtime did not remove its state");
    });
    return status;
  }

  /** The runtime has forgotten the container and its cgroup is gone. Runs once; again only after a failure. */
  #releaseRuntime(): Promise<void> {
    this.#released ??= this.#deleteRuntimeState().catch((error) => {
      this.#released = undefined;
      throw error;
    });
    return this.#released;
  }

  async #deleteRuntimeState(): Promise<void> {
    const { code, stderr } = await this.#command("delete", "--force", this.handle.containerId);
    const message = lastMessage(stderr.toString("utf8"));
    if (code === 0 || /does not exist|No such file or directory/i.test(message)) return;
    if (HALF_REMOVED.test(message) && this.#recordedExit()) {
      const directory = join(this.#context.stateRootOf(this.#runtime), this.handle.containerId);
      await rm(directory, { recursive: true, force: true });
      return;
    }
    throw internal(`cannot remove the runtime's state of container ${this.handle.containerId}: ${message}`);
  }

  async #require(command: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#command(command, ...args);
    if (code === 0) return stdout.toString("utf8");
    if (this.#recordedExit()) throw this.#notRunning();
    throw conflict(
      `cannot ${command} container ${this.handle.containerId}: ${lastMessage(stderr.toString("utf8"))}`,
    );
  }

  #command(command: string, ...args: string[]) {
    return runRuntime(this.#runtime, this.#context.stateRootOf(this.#runtime), [command, ...args]);
  }
}
