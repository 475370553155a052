import type { Logger } from "../../base/logger.ts";
import { nowNs } from "../../base/time.ts";
import type { EngineEvent, EventLog } from "../../core/events/event-log.ts";

const REMEMBERED_EVENTS = 256;

/** The events of one engine process. What happened before the process started is not remembered, as with dockerd. */
export class MemoryEventLog implements EventLog {
  readonly #past: EngineEvent[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  publish(event: Omit<EngineEvent, "timeNs">): void {
    const stamped = { ...event, timeNs: nowNs() };
    this.#past.push(stamped);
    if (this.#past.length > REMEMBERED_EVENTS) this.#past.shift();
    for (const listener of this.#listeners) {
      try {
        listener(stamped);
      } catch (error) {
        // A reader's fault must not undo what the event tells of.
        this.#logger.error({ err: error }, "event listener failed");
      }
    }
  }

  past(): EngineEvent[] {
    return [...this.#past];
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  subscribe(listener: (event: EngineEvent) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}
