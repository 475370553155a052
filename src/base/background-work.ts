import type { Logger } from "./logger.ts";

/** Work that nobody waits for while the engine runs, and that is waited for before the engine ends. */
export class BackgroundWork implements AsyncDisposable {
  readonly #running = new Set<Promise<void>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Starts a piece of work; a failure is logged under `what`. */
  start(what: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error) => this.#logger.error({ err: error }, what))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when everything that was started has ended. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
  }
}
