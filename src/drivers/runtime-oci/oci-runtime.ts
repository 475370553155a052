import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { alreadyExists, internal, invalidArgument, messageOf } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type { Task, TaskHandle, TaskRuntime, TaskSpec } from "../../core/tasks/task-runtime.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { CompiledSeccomp } from "./compiled-seccomp.ts";
import { EngineContext } from "./engine-context.ts";
import { ExitDirectory } from "./exit-directory.ts";
import { removeLeftoverCgroup } from "./leftover-cgroup.ts";
import { endMonitors, monitorGone, startMonitor } from "./monitor.ts";
import { OciTask } from "./oci-task.ts";
import { isAlive } from "./process-identity.ts";
import {
  findProgram,
  findRuntimes,
  type RuntimeProgram,
  type RuntimeSetting,
  runRuntime,
} from "./runtime-programs.ts";
import { serializeDocument } from "./serialize-document.ts";

export interface RuntimeChoice {
  /** Runtimes by name beside crun and runc. */
  readonly runtimes?: Readonly<Record<string, RuntimeSetting>>;
  readonly defaultRuntime?: string;
}

export interface OciRuntimeOptions extends RuntimeChoice {
  readonly reactor: Reactor;
  /** Directory of this engine alone, gone after a reboot: state of the runtimes, exit codes. */
  readonly runRoot: string;
  /** Directory that holds this engine's bundles and nothing else, each named by its container id. */
  readonly bundlesRoot: string;
  /** Program of the monitor; by default conmon in `PATH`. */
  readonly conmonPath?: string;
  readonly logger?: Logger;
}

const RUNTIME_FILE = "runtime";
const CONFIG_FILE = "config.json";

function chooseRuntimes({ runtimes = {}, defaultRuntime }: RuntimeChoice): RuntimeProgram[] {
  const found = findRuntimes(runtimes, defaultRuntime);
  if (found.length > 0) return found;
  throw internal("no OCI runtime was found", { hint: "Install the package crun." });
}

/** Runs tasks with OCI runtimes under conmon. */
export class OciRuntime implements TaskRuntime {
  #runtimes: readonly RuntimeProgram[];
  readonly #bundlesRoot: string;
  readonly #context: EngineContext;
  readonly #seccomp = new CompiledSeccomp();

  /** Errors: internal where monitor or runtimes are not installed. */
  constructor(options: OciRuntimeOptions) {
    const conmonPath = options.conmonPath ?? findProgram("conmon");
    if (conmonPath === undefined) {
      throw internal("conmon was not found", { hint: "Install the package conmon." });
    }
    this.#runtimes = chooseRuntimes(options);
    this.#bundlesRoot = options.bundlesRoot;
    const exits = new ExitDirectory(options.reactor, join(options.runRoot, "exits"));
    this.#context = new EngineContext(
      options.runRoot,
      options.reactor,
      conmonPath,
      exits,
      options.logger ?? silentLogger,
    );
  }

  async create(spec: TaskSpec): Promise<Task> {
    const runtime = this.#runtimeNamed(spec.runtime);
    const id = spec.containerId;
    await this.#writeBundle(spec, runtime);
    try {
      const { monitor, process } = await startMonitor(this.#context.reactor, {
        conmonPath: this.#context.conmonPath,
        runtime,
        stateRoot: this.#context.stateRootOf(runtime),
        containerId: id,
        directory: spec.bundle,
        exitDirectory: this.#context.exits.path,
        spoolPath: spec.spoolPath,
        tty: spec.tty,
        openStdin: spec.openStdin,
        // Whoever leaves a terminal may come back to it.
        leaveStdinOpen: spec.openStdin && (spec.tty || !spec.stdinOnce),
        program: spec.spec.process?.args?.[0] ?? "",
      });
      const stateDirectory = join(this.#context.stateRootOf(runtime), id);
      await this.#seccomp.remember(runtime, spec.spec, stateDirectory);
      return new OciTask(this.#context, runtime, {
        containerId: id,
        runtime: runtime.name,
        bundle: spec.bundle,
        monitor,
        process,
        cgroupPath: spec.spec.linux?.cgroupsPath ?? "",
        tty: spec.tty,
        stdinOpen: spec.openStdin,
        stdinOnce: spec.openStdin && spec.stdinOnce,
      });
    } catch (error) {
      await this.#removeRemains(id, spec.bundle, runtime);
      throw error;
    }
  }

  get runtimes(): readonly RuntimeProgram[] {
    return this.#runtimes;
  }

  /** From now on new tasks have these runtimes to choose from. Errors: as the constructor's; nothing has changed then. */
  setRuntimes(choice: RuntimeChoice): void {
    this.#runtimes = chooseRuntimes(choice);
  }

  async adopt(handle: TaskHandle): Promise<Task | undefined> {
    const runtime = this.#runtimes.find((known) => known.name === handle.runtime);
    if (!runtime) return undefined;
    const recorded = this.#context.exits.read(handle.containerId) !== undefined;
    if (!recorded && !isAlive(handle.process) && !existsSync(handle.bundle)) return undefined;
    return new OciTask(this.#context, runtime, handle);
  }

  async removeOrphans(known: ReadonlySet<string>): Promise<void> {
    const orphans = (await listDirectory(this.#bundlesRoot)).filter((id) => !known.has(id));
    for (const id of orphans) {
      const bundle = join(this.#bundlesRoot, id);
      try {
        const runtime = this.#runtimeNamed(await readRuntimeName(bundle));
        await endMonitors(this.#context.reactor, bundle);
        await this.#removeRemains(id, bundle, runtime);
      } catch (error) {
        // One container that cannot be removed must not keep the engine from starting.
        this.#context.logger.warn(
          { container: id, error: messageOf(error) },
          "cannot remove an orphaned task",
        );
      }
    }
    for (const name of await listDirectory(this.#context.exits.path)) {
      if (!known.has(name)) this.#context.exits.remove(name);
    }
  }

  /** Tasks run on without this engine; whoever waits for one is told that it was closed. */
  async close(): Promise<void> {
    this.#context.closing.abort();
    await this.#context.exits[Symbol.asyncDispose]();
  }

  #runtimeNamed(name: string): RuntimeProgram {
    const runtime = name === "" ? this.#runtimes[0] : this.#runtimes.find((known) => known.name === name);
    if (!runtime) throw invalidArgument(`unknown or invalid runtime name: ${name}`);
    return runtime;
  }

  async #writeBundle(spec: TaskSpec, runtime: RuntimeProgram): Promise<void> {
    await mkdir(dirname(spec.bundle), { recursive: true, mode: 0o700 });
    try {
      await mkdir(spec.bundle, { mode: 0o700 });
    } catch (error) {
      // Somebody's running container: nothing of it may be touched.
      if (isErrno(error, "EEXIST"))
        throw alreadyExists(`task ${spec.containerId} already exists`, { cause: error });
      throw error;
    }
    if (spec.spoolPath !== undefined) await mkdir(dirname(spec.spoolPath), { recursive: true, mode: 0o700 });
    // The runtime's name first: with it a half-made bundle can be cleaned up.
    await writeFile(join(spec.bundle, RUNTIME_FILE), runtime.name, { mode: 0o600 });
    await writeFile(
      join(spec.bundle, CONFIG_FILE),
      serializeDocument(this.#seccomp.apply(runtime, spec.spec)),
      { mode: 0o600 },
    );
  }

  async #removeRemains(id: string, bundle: string, runtime: RuntimeProgram): Promise<void> {
    // A runtime that has nothing of that name says so by its exit code; there is nothing to do about it.
    await runRuntime(runtime, this.#context.stateRootOf(runtime), ["delete", "--force", id]);
    await removeLeftoverCgroup(id, join(bundle, CONFIG_FILE)).catch((error) => {
      // What stopped the start may be the group's own path, and is what the caller has to hear of.
      this.#context.logger.warn({ container: id, error: messageOf(error) }, "cannot remove a control group");
    });
    // The monitor's last act is to record the exit: not before that can the record go.
    await monitorGone(this.#context.reactor, bundle);
    this.#context.exits.remove(id);
    await rm(bundle, { recursive: true, force: true });
  }
}

async function listDirectory(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

async function readRuntimeName(bundle: string): Promise<string> {
  try {
    return await readFile(join(bundle, RUNTIME_FILE), "utf8");
  } catch (error) {
    // A crash right after the directory was made: any runtime can say that it knows nothing of it.
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}
