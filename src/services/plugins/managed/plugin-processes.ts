import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../../../base/async.ts";
import { internal, isKind, messageOf } from "../../../base/errors.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import type { Task } from "../../../core/tasks/task-runtime.ts";
import { isListening } from "../../../drivers/plugin-client/mod.ts";
import { isMountPoint, MS, mount, setPropagation, unmountBelow } from "../../../os/linux/mount.ts";
import { changePlugin, type ManagedPluginParts } from "./managed-plugin-parts.ts";
import { logOutput } from "./plugin-output.ts";
import { buildPluginSpec } from "./plugin-spec.ts";

const SIGTERM = 15;
const SIGKILL = 9;
/** How long a plug-in may take to end, and to listen. Source: moby, daemon/pkg/plugin, shutdownTimeout, pluginPostStart. */
const SHUTDOWN_MS = 10_000;
const LISTEN_MS = 10_000;
const LOOK_AGAIN_MS = 20;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 60_000;
/** One that ran that long is no plug-in that ends at once. */
const HEALTHY_MS = 10_000;

interface Running {
  readonly task: Task;
  readonly startedAt: number;
  /** It is to end: nobody starts it again. */
  stopping: boolean;
}

/** The processes of enabled plug-ins: started, watched, started again when they end, taken over from an earlier engine. */
export class PluginProcesses {
  readonly #parts: ManagedPluginParts;
  readonly #running = new Map<string, Running>();
  readonly #restarts = new Map<string, AbortController>();
  readonly #failures = new Map<string, number>();
  readonly #closing = new AbortController();

  constructor(parts: ManagedPluginParts) {
    this.#parts = parts;
  }

  /**
   * The plug-in runs and listens on its socket; its task is stored. Whoever calls holds its lock. Nothing is left
   * where it throws. Errors: internal (it ended, or does not listen in time), and what the OCI runtime says.
   */
  async start(record: ManagedPluginRecord): Promise<void> {
    this.#cancelRestart(record.id);
    try {
      const task = await this.#createTask(record);
      await logOutput(task, record.id, this.#parts.logger);
      await task.start();
      const socketPath = this.#parts.paths.socketPath(record.id, record.config);
      await waitUntilListening(socketPath, task, record.timeoutSeconds);
    } catch (error) {
      await this.stop(record);
      throw error;
    }
  }

  /** Nothing of the plug-in runs or is mounted. Whoever calls holds its lock. Idempotent. */
  async stop(record: ManagedPluginRecord): Promise<void> {
    this.#cancelRestart(record.id);
    const running = this.#running.get(record.id);
    if (running) {
      running.stopping = true;
      await endTask(running.task);
    }
    await this.#takeDown(record, running?.task);
    // Not where it is started again: containers may have been given what is mounted there.
    await unmountBelow(this.#parts.paths.pluginDir(record.id), { detach: true });
  }

  /** The process that an earlier engine started is watched again, or is started anew where it is gone. */
  async resume(record: ManagedPluginRecord): Promise<void> {
    const { runtime, paths, logger } = this.#parts;
    const task = record.task && (await runtime.adopt(record.task));
    if (task && (await isListening(paths.socketPath(record.id, record.config)))) {
      this.#watch(record, task);
      await logOutput(task, record.id, logger);
      return;
    }
    if (task) await task.delete();
    try {
      await this.start(record);
    } catch (error) {
      logger.error({ plugin: record.name, reason: messageOf(error) }, "a plug-in could not be started");
      this.#scheduleRestart(record);
    }
  }

  /** Plug-ins run on without this engine; the next one takes them over. */
  close(): void {
    this.#closing.abort();
    for (const restart of this.#restarts.values()) restart.abort();
  }

  async #createTask(record: ManagedPluginRecord): Promise<Task> {
    const { runtime, paths, bundlesRoot } = this.#parts;
    const { id } = record;
    const socketDir = paths.socketDir(id);
    await rm(socketDir, { recursive: true, force: true });
    await mkdir(socketDir, { recursive: true, mode: 0o700 });
    await this.#preparePropagation(record);
    const task = await runtime.create({
      containerId: id,
      runtime: "",
      bundle: join(bundlesRoot, id),
      spec: buildPluginSpec(this.#parts, record),
      tty: false,
      openStdin: false,
      stdinOnce: false,
      spoolPath: undefined,
    });
    changePlugin(this.#parts, record, { task: task.handle });
    this.#watch(record, task);
    return task;
  }

  #watch(record: ManagedPluginRecord, task: Task): void {
    const running: Running = { task, startedAt: performance.now(), stopping: false };
    this.#running.set(record.id, running);
    task
      .wait()
      .then(() => this.#handleExit(record, running))
      .catch((error) => {
        // The engine ends before the plug-in does.
        if (isKind(error, "canceled") || this.#closing.signal.aborted) return;
        this.#parts.logger.error({ err: error, plugin: record.name }, "handling a plug-in's exit");
      });
  }

  async #handleExit(record: ManagedPluginRecord, running: Running): Promise<void> {
    if (running.stopping || this.#closing.signal.aborted) return;
    using _turn = await this.#parts.locks.acquire(record.id);
    if (this.#running.get(record.id) !== running || running.stopping) return;
    this.#parts.logger.warn({ plugin: record.name }, "a plug-in has ended by itself");
    if (performance.now() - running.startedAt > HEALTHY_MS) this.#failures.delete(record.id);
    await this.#takeDown(record, running.task);
    this.#scheduleRestart(record);
  }

  #scheduleRestart({ id }: ManagedPluginRecord): void {
    if (this.#closing.signal.aborted) return;
    const failures = this.#failures.get(id) ?? 0;
    this.#failures.set(id, failures + 1);
    const restart = new AbortController();
    this.#restarts.set(id, restart);
    const waitMs = Math.min(FIRST_RESTART_MS * 2 ** failures, LAST_RESTART_MS);
    delay(waitMs, restart.signal)
      .then(() => this.#restart(id, restart.signal))
      .catch((error) => {
        // Cut short on purpose.
        if (isKind(error, "canceled")) return;
        this.#parts.logger.error(
          { plugin: id, reason: messageOf(error) },
          "a plug-in could not be started again",
        );
      });
  }

  async #restart(id: string, signal: AbortSignal): Promise<void> {
    using _turn = await this.#parts.locks.acquire(id);
    const record = this.#parts.store.get(id);
    if (signal.aborted || !record?.enabled) return;
    try {
      await this.start(record);
    } catch (error) {
      this.#scheduleRestart(record);
      throw error;
    }
  }

  #cancelRestart(id: string): void {
    this.#restarts.get(id)?.abort();
    this.#restarts.delete(id);
  }

  async #takeDown(record: ManagedPluginRecord, task: Task | undefined): Promise<void> {
    const { paths, store } = this.#parts;
    this.#running.delete(record.id);
    await task?.delete();
    await rm(paths.socketDir(record.id), { recursive: true, force: true });
    if (store.get(record.id)) changePlugin(this.#parts, record, { task: undefined });
  }

  /** What the plug-in mounts there appears on the host, and so in containers. */
  async #preparePropagation({ id, config }: ManagedPluginRecord): Promise<void> {
    if (config.PropagatedMount === "") return;
    const directory = this.#parts.paths.propagatedMount(id);
    await mkdir(directory, { recursive: true, mode: 0o755 });
    if (!isMountPoint(directory)) await mount({ source: directory, target: directory, flags: MS.bind });
    setPropagation(directory, "shared");
  }
}

/** The process has ended: asked at first, killed after a while. */
async function endTask(task: Task): Promise<void> {
  const ended = task.wait();
  for (const signal of [SIGTERM, SIGKILL]) {
    try {
      await task.kill(signal);
    } catch (error) {
      if (!isKind(error, "notFound")) throw error;
    }
    const timer = new AbortController();
    const late = delay(SHUTDOWN_MS, timer.signal).then(
      () => "late",
      () => "ended",
    );
    const outcome = await Promise.race([ended.then(() => "ended"), late]);
    timer.abort();
    if (outcome === "ended") return;
  }
}

/** A socket tells nobody that it is there, so this looks again and again, until the process ends or time is up. */
async function waitUntilListening(socketPath: string, task: Task, timeoutSeconds: number): Promise<void> {
  const start = performance.now();
  let ended = false;
  const end = () => {
    ended = true;
  };
  task.wait().then(end, end);
  while (!(await isListening(socketPath))) {
    if (ended) throw internal("the plug-in has ended without listening on its socket");
    if (performance.now() - start > Math.max(LISTEN_MS, timeoutSeconds * 1000)) {
      throw internal(`dial unix ${socketPath}: connect: no such file or directory`);
    }
    await delay(LOOK_AGAIN_MS);
  }
}
