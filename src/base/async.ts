import { canceled } from "./errors.ts";

/** Runs tasks with the same key one after the other and tasks with different keys side by side. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for its turn under `key`; the returned disposable ends the turn. */
  async acquire(key: string): Promise<Disposable> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const { promise: turn, resolve: done } = Promise.withResolvers<void>();
    const tail = before.then(() => turn);
    this.#tails.set(key, tail);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
        done();
      },
    };
  }

  /** Runs `task` in its turn under `key`. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    using _turn = await this.acquire(key);
    return await task();
  }
}

/** Lets at most `limit` holders in at a time, first come, first served. */
export class Semaphore {
  #limit: number;
  /** Below 0 while more are inside than a lowered limit lets in. */
  #free: number;
  readonly #waiting: Array<() => void> = [];

  constructor(limit: number) {
    this.#limit = limit;
    this.#free = limit;
  }

  /** How many are let in together from now on; those inside stay. */
  setLimit(limit: number): void {
    this.#free += limit - this.#limit;
    this.#limit = limit;
    while (this.#free > 0 && this.#waiting.length > 0) {
      this.#free--;
      this.#waiting.shift()!();
    }
  }

  /** Lets a holder in at once; undefined where it would have to wait. */
  tryAcquire(): Disposable | undefined {
    if (this.#free <= 0) return undefined;
    this.#free--;
    return this.#hold();
  }

  /** Errors: canceled where the signal is aborted while it waits. */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    const free = this.tryAcquire();
    if (free) return free;
    await new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(canceled("context canceled"));
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        const place = this.#waiting.indexOf(enter);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(canceled("context canceled"));
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(enter);
      return undefined;
    });
    return this.#hold();
  }

  #hold(): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const next = this.#free >= 0 ? this.#waiting.shift() : undefined;
        if (next) next();
        else this.#free++;
      },
    };
  }
}

/** Shares one run of a task among all callers that ask for the same key while it runs. */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  run(key: string, task: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running) return running;
    const promise = task().finally(() => this.#running.delete(key));
    this.#running.set(key, promise);
    return promise;
  }
}

/** Everybody who waits for one occurrence. Who gives up is forgotten at once, however long the occurrence takes. */
export class Waiters<T> {
  readonly #resolvers = new Set<(value: T) => void>();

  /** The value of the next `notify`. Rejects with `canceled` as soon as the signal is aborted. */
  next(signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#resolvers.delete(settle);
        reject(canceled("context canceled"));
      };
      const settle = (value: T) => {
        signal?.removeEventListener("abort", giveUp);
        resolve(value);
      };
      if (signal?.aborted) return giveUp();
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#resolvers.add(settle);
    });
  }

  /** It has happened: all who wait now are told. */
  notify(value: T): void {
    const waiting = [...this.#resolvers];
    this.#resolvers.clear();
    for (const resolve of waiting) resolve(value);
  }
}

/** Resolves after `ms` milliseconds, or rejects with `canceled` as soon as the signal is aborted. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(canceled("context canceled"));
    const onAbort = () => {
      clearTimeout(timer);
      reject(canceled("context canceled"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Is told how many seconds are left of a wait, rounded up: when it begins and each second. */
export type CountDownListener = (secondsLeft: number) => void;

/** As `delay`, and tells of it. */
export async function countDown(
  ms: number,
  tell: CountDownListener = () => undefined,
  signal?: AbortSignal,
): Promise<void> {
  for (let leftMs = ms; leftMs > 0; ) {
    tell(Math.ceil(leftMs / 1000));
    const stepMs = leftMs % 1000 || 1000;
    await delay(stepMs, signal);
    leftMs -= stepMs;
  }
}

export interface RetryOptions {
  /** How often the task is tried in all. */
  readonly attempts: number;
  /** Wait before the second try; doubled before each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Whether a failure is worth another try. A number is a wait in milliseconds that the peer asked for. */
  readonly retryable: (error: unknown) => boolean | number;
  /** Told of each wait. */
  readonly onWait?: CountDownListener | undefined;
  readonly signal?: AbortSignal;
}

/** Runs `task` until it succeeds, is not worth another try, or the attempts are used up. */
export async function retry<T>(options: RetryOptions, task: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await task(attempt);
    } catch (error) {
      const verdict = options.retryable(error);
      if (verdict === false || attempt >= options.attempts || options.signal?.aborted) throw error;
      const backoff = Math.min(options.firstDelayMs * 2 ** (attempt - 1), options.maxDelayMs);
      await countDown(typeof verdict === "number" ? verdict : backoff, options.onWait, options.signal);
    }
  }
}
