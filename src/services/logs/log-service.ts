import { messageOf, notImplemented } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ContainerRecord } from "../../core/containers/container-record.ts";
import type { DetailedLogEntry } from "../../core/containers/streams.ts";
import type { LogDrivers, LogSource } from "../../core/logs/log-driver.ts";
import type { LogEntry, LogQuery } from "../../core/logs/log-store.ts";
import { collectAttributes, type LocalDriver, storedAttributes } from "../../drivers/logs/mod.ts";
import type { FileChanges } from "../../os/linux/reactor/file-changes.ts";
import type { HostConfig, LogConfig } from "../../spec/engine-api/mod.ts";
import { ContainerLog } from "./container-log.ts";
import {
  checkLogConfig,
  type LogChoice,
  mergeLogConfig,
  type ParsedLogConfig,
  parseLogConfig,
} from "./log-config.ts";

/** Where a container's files are. */
export interface LogPaths {
  containerDir(id: string): string;
  spoolFile(id: string): string;
}

export interface LogServiceParts {
  readonly drivers: LogDrivers;
  readonly cache: LocalDriver;
  readonly changes: FileChanges;
  readonly paths: LogPaths;
  readonly logger: Logger;
  /** What containers get that ask for nothing. */
  readonly defaults: LogChoice;
}

type LoggedContainer = Pick<
  ContainerRecord,
  "id" | "name" | "path" | "args" | "config" | "imageId" | "createdAt"
> & { readonly hostConfig: Pick<HostConfig, "LogConfig"> };

/** A container's log while somebody needs it. */
interface OpenLog {
  readonly log: ContainerLog;
  holders: number;
  /** A process is writing. */
  running: boolean;
}

/** Logs of containers: fed while they run, delivered to the end after that, read at any time. */
export class LogService {
  readonly #parts: LogServiceParts;
  readonly #open = new Map<string, OpenLog>();
  /** Logs that are being closed; their files are free when this resolves. */
  readonly #closing = new Map<string, Promise<void>>();

  constructor(parts: LogServiceParts) {
    this.#parts = parts;
  }

  /** Names of the engine's own drivers, sorted as `info` shows them. */
  get driverNames(): string[] {
    return this.#parts.drivers.builtin
      .map(({ name }) => name)
      .filter((name) => name !== "none")
      .sort();
  }

  get defaultDriver(): string {
    return this.#parts.defaults.Type;
  }

  /** The request with the engine's defaults filled in. */
  complete(request: LogConfig | undefined): LogChoice {
    return mergeLogConfig(request, this.#parts.defaults);
  }

  /** Errors: invalidArgument with docker's texts. */
  async check(config: LogChoice): Promise<void> {
    const { drivers, cache } = this.#parts;
    await checkLogConfig(parseLogConfig(config, drivers), drivers, cache);
  }

  /** Errors: invalidArgument where the defaults are no valid configuration. */
  async checkDefaults(): Promise<void> {
    await this.check(this.#parts.defaults);
  }

  /** The file that the monitor writes to; undefined where nothing is to be kept. */
  spoolPath(container: LoggedContainer): string | undefined {
    const { driver } = this.#configOf(container);
    return driver.name === "none" ? undefined : this.#parts.paths.spoolFile(container.id);
  }

  /** The log file as `inspect` shows it. */
  logPath(container: LoggedContainer): string {
    const directory = this.#parts.paths.containerDir(container.id);
    return this.#configOf(container).driver.logPath({ containerId: container.id, directory });
  }

  /**
   * Output of the container's next, or still running, process is taken from now on. Nothing waits for that. Idempotent.
   * Errors: invalidArgument where a tag cannot be made.
   */
  begin(container: LoggedContainer): void {
    if (this.spoolPath(container) === undefined || this.#open.get(container.id)?.running) return;
    this.#hold(container).running = true;
  }

  /** The container's process has ended, or never came to be. What is in the spool is delivered in the background. */
  processEnded(container: Pick<ContainerRecord, "id">): void {
    const open = this.#open.get(container.id);
    if (!open?.running) return;
    open.running = false;
    open.log
      .processEnded()
      .catch((error) => this.#warn(container.id, error))
      .finally(() => this.#letGo(container.id, open));
  }

  /** What is left in the spool of a container that ended unseen is delivered. */
  finish(container: LoggedContainer): void {
    try {
      this.begin(container);
      this.processEnded(container);
    } catch (error) {
      this.#warn(container.id, error);
    }
  }

  /** The container's files are free to be removed: sinks had a last chance. */
  async remove(id: string): Promise<void> {
    const open = this.#open.get(id);
    if (open) {
      await open.log.deliverSoon();
      this.#close(id, open);
    }
    await this.#closing.get(id);
  }

  /**
   * Entries in groups; with `ended` goes on until that resolves and everything was read.
   * Errors: notImplemented where the container's configuration keeps nothing; unavailable where only a plug-in can tell,
   * and does not.
   */
  async read(
    container: LoggedContainer,
    query: LogQuery & { readonly details: boolean },
    ended?: Promise<unknown>,
  ): Promise<AsyncIterable<readonly DetailedLogEntry[]>> {
    const { driver, cacheDisabled } = this.#configOf(container);
    const keeps = driver.openStore || (driver.openSink && !cacheDisabled);
    if (!keeps && !(await driver.givesBack?.())) {
      throw notImplemented("configured logging driver does not support reading");
    }
    const groups = this.#read(container, query, ended);
    return query.details ? withAttributes(groups, this.#attributesOf(container)) : groups;
  }

  /** Every log stops where it is; the next engine goes on there. */
  async close(): Promise<void> {
    for (const [id, open] of this.#open) this.#close(id, open);
    await Promise.all(this.#closing.values());
  }

  async *#read(
    container: LoggedContainer,
    query: LogQuery,
    ended?: Promise<unknown>,
  ): AsyncGenerator<readonly LogEntry[], void, undefined> {
    const open = this.#hold(container);
    try {
      yield* open.log.read(query, ended);
    } finally {
      this.#letGo(container.id, open);
    }
  }

  #hold(container: LoggedContainer): OpenLog {
    const { id } = container;
    let open = this.#open.get(id);
    if (!open) {
      const { cache, changes, paths, logger } = this.#parts;
      const log = new ContainerLog({
        source: this.#sourceOf(container),
        config: this.#configOf(container),
        cache,
        spoolPath: paths.spoolFile(id),
        changes,
        ready: this.#closing.get(id) ?? Promise.resolve(),
        logger,
      });
      open = { log, holders: 0, running: false };
      this.#open.set(id, open);
    }
    open.holders++;
    return open;
  }

  #letGo(id: string, open: OpenLog): void {
    open.holders--;
    if (open.holders === 0) this.#close(id, open);
  }

  #close(id: string, open: OpenLog): void {
    if (this.#open.get(id) !== open) return;
    this.#open.delete(id);
    const closed = (this.#closing.get(id) ?? Promise.resolve())
      .then(() => open.log[Symbol.asyncDispose]())
      .catch((error) => this.#warn(id, error))
      .finally(() => {
        if (this.#closing.get(id) === closed) this.#closing.delete(id);
      });
    this.#closing.set(id, closed);
  }

  #attributesOf(container: LoggedContainer): Record<string, string> {
    const source = this.#sourceOf(container);
    // The tag of a driver that sends is the receiver's business.
    return this.#configOf(container).driver.openStore ? storedAttributes(source) : collectAttributes(source);
  }

  #sourceOf(container: LoggedContainer): LogSource {
    const { id, name, path, args, config, imageId, createdAt } = container;
    return {
      containerId: id,
      containerName: name,
      command: [path, ...args],
      imageId,
      imageName: config.Image ?? "",
      createdAt,
      environment: config.Env ?? [],
      labels: config.Labels ?? {},
      directory: this.#parts.paths.containerDir(id),
      options: this.#configOf(container).options,
    };
  }

  #configOf({ hostConfig: { LogConfig: config } }: LoggedContainer): ParsedLogConfig {
    const choice = { Type: config?.Type ?? this.defaultDriver, Config: config?.Config ?? {} };
    return parseLogConfig(choice, this.#parts.drivers);
  }

  #warn(container: string, error: unknown): void {
    this.#parts.logger.warn({ container, error: messageOf(error) }, "a container's log");
  }
}

async function* withAttributes(
  groups: AsyncIterable<readonly LogEntry[]>,
  attributes: Readonly<Record<string, string>>,
): AsyncGenerator<readonly DetailedLogEntry[], void, undefined> {
  for await (const entries of groups) {
    yield entries.map((entry) => ({
      timeNs: entry.timeNs,
      stream: entry.stream,
      bytes: entry.bytes,
      partial: entry.partial,
      attributes,
    }));
  }
}
