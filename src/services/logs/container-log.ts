import { join } from "node:path";
import { delay } from "../../base/async.ts";
import { messageOf, unavailable } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { nowNs } from "../../base/time.ts";
import type { LogSink, LogSource, LogStore } from "../../core/logs/log-driver.ts";
import type { LogEntry, LogQuery } from "../../core/logs/log-store.ts";
import { type LocalDriver, Spool } from "../../drivers/logs/mod.ts";
import type { FileChanges } from "../../os/linux/reactor/file-changes.ts";
import { IdleAfterEnd } from "./idle-after-end.ts";
import type { ParsedLogConfig } from "./log-config.ts";
import { LogPump } from "./pump.ts";

export interface ContainerLogOptions {
  readonly source: LogSource;
  readonly config: ParsedLogConfig;
  readonly cache: LocalDriver;
  readonly spoolPath: string;
  readonly changes: FileChanges;
  /** Whoever worked on the same files before is done. */
  readonly ready: Promise<unknown>;
  readonly logger: Logger;
}

/** A sink gets that long to take what is left of a container that is removed, or that somebody reads there. */
const DELIVERY_GRACE_MS = 2_000;

/** The log of one container: its spool, and a pump each for what keeps entries and for what sends them. */
export class ContainerLog implements AsyncDisposable {
  readonly #options: ContainerLogOptions;
  readonly #spool: Spool;
  readonly #pumps: LogPump[] = [];
  readonly #store: LogStore | undefined;
  /** Settled once pumps know of the process's end, if it has ended: a line without a newline is held back until then. */
  #ending: Promise<unknown> | undefined;

  constructor(options: ContainerLogOptions) {
    this.#options = options;
    const { source, config, cache, spoolPath, changes } = options;
    const { driver } = config;
    this.#spool = new Spool(spoolPath, changes);
    if (driver.openStore) this.#store = driver.openStore(source);
    else if (driver.openSink && !config.cacheDisabled) this.#store = cache.openCache(source);
    const store = this.#store;
    if (store) this.#start(driver.openStore ? driver.name : "cache", "log-position.json", () => store);
    if (driver.openSink) this.#start(driver.name, "log-sent.json", () => driver.openSink!(source));
  }

  /** Whether `logs` can show anything. */
  get readable(): boolean {
    return this.#store !== undefined;
  }

  /** The container's process has ended. Resolves when the spool is delivered, however long that takes. */
  async processEnded(): Promise<void> {
    const ending = this.#tellOfEnd();
    this.#ending = ending;
    await this.#delivered(await ending);
    // The last pump is the one that sends.
    if (this.#options.config.driver.readBack) await this.#pumps.at(-1)?.rest();
  }

  /** Resolves when everything in the spool is delivered, or when it was waited for long enough. */
  async deliverSoon(options: { readonly unlessFailing?: boolean } = {}): Promise<void> {
    const delivered = this.#delivered(await this.#spool.size(), options);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, DELIVERY_GRACE_MS);
    await Promise.race([delivered, promise]);
    clearTimeout(timer);
  }

  /** Entries in groups; with `ended` goes on until that resolves and everything was read. */
  async *read(
    query: LogQuery,
    ended?: Promise<unknown>,
  ): AsyncGenerator<readonly LogEntry[], void, undefined> {
    const sent = await this.#readBack(query, ended);
    if (sent) return yield* sent;
    const store = this.#store;
    // Whoever was to keep the log does not answer, and nothing else was asked to.
    if (!store) throw unavailable("the log driver does not answer, and nothing of the log is kept here");
    await this.#stored();
    const done = new AbortController();
    try {
      yield* store.read(query, ended && this.#follow(store, query, ended, done.signal));
    } finally {
      done.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pumps.map((pump) => pump[Symbol.asyncDispose]()));
    await this.#reclaim(true);
    await this.#spool[Symbol.asyncDispose]();
    await this.#store?.[Symbol.asyncDispose]();
  }

  /** What the place where the log is sent gives back; undefined where there is nothing, or it does not answer. */
  async #readBack(
    query: LogQuery,
    ended: Promise<unknown> | undefined,
  ): Promise<AsyncIterable<readonly LogEntry[]> | undefined> {
    const { source, config, logger } = this.#options;
    if (!config.driver.readBack) return undefined;
    await this.deliverSoon();
    const until = new IdleAfterEnd(
      ended?.then(() => this.deliverSoon()),
      query.signal,
    );
    try {
      if (ended && !(await isSettled(ended))) await this.#pumps.at(-1)?.prepare();
      const groups = await config.driver.readBack(source, query, ended !== undefined, until.signal);
      if (groups) return until.watch(groups);
    } catch (error) {
      logger.warn(
        { container: source.containerId, reason: messageOf(error) },
        "a log cannot be read where it is sent",
      );
    }
    return undefined;
  }

  #start(name: string, positionFile: string, open: () => LogSink): void {
    const { source, config, logger, ready } = this.#options;
    this.#pumps.push(
      new LogPump({
        containerId: source.containerId,
        name,
        spool: this.#spool,
        positionPath: join(source.directory, positionFile),
        open,
        ready,
        maxBacklogBytes: config.maxBacklogBytes,
        logger,
        onProgress: () => void this.#reclaim(false),
      }),
    );
  }

  /** Size of the spool, which pumps know to be all of it. */
  async #tellOfEnd(): Promise<number> {
    const size = await this.#spool.size();
    for (const pump of this.#pumps) pump.endAt(size);
    return size;
  }

  /**
   * The store has what was in the spool when this was called, unless it takes nothing: on a full disk there is still to
   * be seen what it has. The first pump is the store's.
   */
  async #stored(): Promise<void> {
    await this.#ending;
    await this.#pumps[0]?.caughtUp(await this.#spool.size(), { unlessFailing: true });
  }

  async #delivered(size: number, options: { readonly unlessFailing?: boolean } = {}): Promise<void> {
    await Promise.all(this.#pumps.map((pump) => pump.caughtUp(size, options)));
  }

  /** Answers whether there may be more to read; for the last time after the end. */
  #follow(
    store: LogStore,
    query: LogQuery,
    ended: Promise<unknown>,
    done: AbortSignal,
  ): () => Promise<boolean> {
    let wake = () => {};
    let stopped = false;
    let hasEnded = false;
    let lastLook = false;
    const stop = () => {
      stopped = true;
      wake();
    };
    const end = () => {
      hasEnded = true;
      wake();
    };
    ended.then(end, end);
    query.signal?.addEventListener("abort", stop, { once: true, signal: done });
    if (query.signal?.aborted) stop();
    // Rejects when the reader is done first.
    if (query.untilNs !== undefined) delay(msUntil(query.untilNs), done).then(stop, () => {});
    let appended = store.appended();
    return async () => {
      if (stopped || lastLook) return false;
      if (!hasEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          void appended.then(resolve);
        });
      }
      if (hasEnded) {
        lastLook = true;
        await this.#stored();
      }
      appended = store.appended();
      return !stopped;
    };
  }

  async #reclaim(force: boolean): Promise<void> {
    const needed = Math.min(...this.#pumps.map(({ neededFrom }) => neededFrom));
    try {
      if (Number.isFinite(needed)) await this.#spool.reclaim(needed, { force });
    } catch (error) {
      const { source, logger } = this.#options;
      logger.warn(
        { container: source.containerId, error: messageOf(error) },
        "the file system cannot take back what was read of a container's spool",
      );
    }
  }
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await null;
  return settled;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

function msUntil(timeNs: bigint): number {
  return Math.min(MAX_TIMER_MS, Math.max(0, Number((timeNs - nowNs()) / 1_000_000n)));
}
