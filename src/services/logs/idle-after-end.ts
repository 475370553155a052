/** Whoever keeps a log elsewhere may not tell that it has ended: after that long without an entry, it has. */
const IDLE_MS = 2_000;
/** As long as there was none at all, the answer may still be on its way. */
const BEGINNING_MS = 10_000;

/** Ends the reading of a log that is followed elsewhere: some time after its container has ended, or when the reader goes. */
export class IdleAfterEnd {
  readonly #idle = new AbortController();
  /** Aborted when there is nothing more to wait for. */
  readonly signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #hasBegun = false;

  constructor(ended: Promise<unknown> | undefined, reader: AbortSignal | undefined) {
    this.signal = reader ? AbortSignal.any([this.#idle.signal, reader]) : this.#idle.signal;
    const end = () => {
      this.#hasEnded = true;
      this.#restart();
    };
    ended?.then(end, end);
  }

  /** The same groups, up to the end. What fails because of the end is no failure. */
  async *watch<T>(groups: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    try {
      for await (const group of groups) {
        this.#hasBegun = true;
        this.#restart();
        yield group;
      }
    } catch (error) {
      if (!this.signal.aborted) throw error;
    } finally {
      clearTimeout(this.#timer);
      this.#idle.abort();
    }
  }

  #restart(): void {
    clearTimeout(this.#timer);
    if (!this.#hasEnded || this.signal.aborted) return;
    this.#timer = setTimeout(() => this.#idle.abort(), this.#hasBegun ? IDLE_MS : BEGINNING_MS);
  }
}
