import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Semaphore } from "../../base/async.ts";
import { canceled, internal } from "../../base/errors.ts";
import type { FromWorker, LayerJobName, LayerJobs, ToWorker } from "./layer-job.ts";
import { unpackError } from "./send-error.ts";

const IDLE_MS = 10_000;
/** Threads that may wait for more work; after a burst the others end at once, since each has its own heap. */
const MAX_IDLE = 4;
/** A message to a thread costs some 0.4 ms, however short it is. */
const FEED_BYTES = 256 * 1024;
const GROWTH_BYTES = 1024 * 1024;

export interface JobOptions {
  /** Ends the job with `canceled` once the thread has let go of everything; what it has written stays. */
  readonly signal?: AbortSignal;
  /** Bytes for a job that asks for them. */
  readonly feed?: AsyncIterable<Uint8Array>;
  /** Tells how the file grows that the job reads; ends when it is whole. */
  readonly growth?: AsyncIterable<number>;
  /** Is told how many bytes of its input the job has read. */
  readonly onProgress?: (readBytes: number) => void;
  /** Takes the bytes that a job makes; the next one comes when it has resolved. */
  readonly onChunk?: (bytes: Uint8Array) => Promise<void>;
}

/**
 * Threads for work on trees of files, so that the event loop stays free. Threads start with the first job, run one job
 * at a time and end some seconds after the last; further jobs wait. They never keep the process alive by themselves.
 */
export class LayerWorkers implements AsyncDisposable {
  readonly #slots: Semaphore;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #closing = new AbortController();
  #running = 0;
  #wakeCloser: (() => void) | undefined;
  #reaper: NodeJS.Timeout | undefined;

  constructor(options: { readonly maxWorkers?: number } = {}) {
    this.#slots = new Semaphore(options.maxWorkers ?? Math.max(2, Math.min(4, availableParallelism())));
  }

  /** Runs a job. Errors: the job's own; canceled, also by `close`; internal where the thread dies. */
  async run<Name extends LayerJobName>(
    name: Name,
    input: LayerJobs[Name]["input"],
    options: JobOptions = {},
  ): Promise<LayerJobs[Name]["output"]> {
    using _slot = await this.#slots.acquire();
    const signal = options.signal
      ? AbortSignal.any([this.#closing.signal, options.signal])
      : this.#closing.signal;
    if (signal.aborted) throw canceled("context canceled");
    const worker = this.#take();
    this.#running++;
    try {
      const output = await runOn(worker, { type: "run", name, input }, { ...options, signal });
      return output as LayerJobs[Name]["output"];
    } finally {
      this.#running--;
      if (this.#all.has(worker)) this.#giveBack(worker);
      this.#wakeCloser?.();
    }
  }

  /** Running jobs are canceled, those that cannot be are waited for, and the threads have ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#wakeCloser = resolve;
      });
    }
    clearTimeout(this.#reaper);
    this.#idle.length = 0;
    await Promise.all([...this.#all].map((worker) => worker.terminate()));
    this.#all.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(): Worker {
    const idle = this.#idle.pop();
    if (idle) {
      idle.ref();
      return idle;
    }
    const worker = new Worker(new URL("./layer-worker.ts", import.meta.url));
    this.#all.add(worker);
    // One that failed outside of a job's own errors is about to end.
    const forget = () => {
      this.#all.delete(worker);
      const index = this.#idle.indexOf(worker);
      if (index >= 0) this.#idle.splice(index, 1);
    };
    worker.once("error", forget).once("exit", forget);
    return worker;
  }

  #giveBack(worker: Worker): void {
    worker.unref();
    if (this.#idle.length >= MAX_IDLE) {
      void worker.terminate();
      return;
    }
    this.#idle.push(worker);
    clearTimeout(this.#reaper);
    this.#reaper = setTimeout(() => {
      for (const each of this.#idle.splice(0)) {
        this.#all.delete(each);
        void each.terminate();
      }
    }, IDLE_MS);
    this.#reaper.unref();
  }
}

/**
 * Resolves or rejects when the thread is done with the job. A thread is never ended in the middle of one: its
 * descriptors would stay open, and a runtime that unwinds through a foreign call takes the process down.
 */
function runOn(
  worker: Worker,
  job: ToWorker,
  options: JobOptions & { readonly signal: AbortSignal },
): Promise<unknown> {
  const { signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let over = false;
  // A piece that comes late must not reach the thread's next job.
  const post = (message: ToWorker): void => {
    if (!over) worker.postMessage(message);
  };
  const feed = options.feed?.[Symbol.asyncIterator]();
  let feeding: Promise<void> = Promise.resolve();
  const feedOne = async () => post({ type: "chunk", bytes: feed && (await gather(feed)) });
  let taking: Promise<void> = Promise.resolve();
  const takeOne = async (bytes: Uint8Array) => {
    await options.onChunk?.(bytes);
    post({ type: "taken" });
  };
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    post({ type: "cancel" });
  };
  const onMessage = (message: FromWorker) => {
    if (message.type === "pull") {
      feeding = feeding.then(feedOne);
      feeding.catch(fail);
    } else if (message.type === "chunk") {
      taking = taking.then(() => takeOne(message.bytes));
      taking.catch(fail);
    } else if (message.type === "progress") options.onProgress?.(message.readBytes);
    else if (message.type === "failed") {
      if (failure) reject(failure.error);
      else reject(signal.aborted ? canceled("context canceled") : unpackError(message.error));
    } else taking.then(() => resolve(message.output), reject);
  };
  const onExit = () => reject(internal("a layer worker ended unexpectedly"));
  const onAbort = () => post({ type: "cancel" });
  worker.on("message", onMessage).on("error", reject).on("exit", onExit);
  signal.addEventListener("abort", onAbort, { once: true });
  post(job);
  if (options.growth) tellGrowth(options.growth, post).catch(fail);
  return promise.finally(() => {
    over = true;
    worker.off("message", onMessage).off("error", reject).off("exit", onExit);
    signal.removeEventListener("abort", onAbort);
    // Not waited for: a source that is stuck in a read answers only when the read does. Its failure is nobody's any more.
    feed?.return?.()?.catch(() => {});
  });
}

/** The next bytes of a stream, at least `FEED_BYTES` unless it ends before; undefined at its end. */
async function gather(stream: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  for (let sizeBytes = 0; sizeBytes < FEED_BYTES; ) {
    const { done, value } = await stream.next();
    if (done) break;
    parts.push(value);
    sizeBytes += value.byteLength;
  }
  // A copy in any case: what is sent must not be a view into a larger memory, which would travel with it.
  return parts.length === 0 ? undefined : new Uint8Array(Buffer.concat(parts));
}

/** Tells a worker in steps that are worth a message, a read and a turn of the decompressor. */
async function tellGrowth(growth: AsyncIterable<number>, post: (message: ToWorker) => void): Promise<void> {
  let toldBytes = 0;
  let sizeBytes = 0;
  for await (sizeBytes of growth) {
    if (sizeBytes - toldBytes < GROWTH_BYTES) continue;
    toldBytes = sizeBytes;
    post({ type: "grown", sizeBytes });
  }
  post({ type: "grown", sizeBytes });
  post({ type: "grown", sizeBytes: undefined });
}
