import type { Filters } from "../../base/filters.ts";
import { matchesLabels } from "../../base/filters.ts";
import type { EngineEvent, EventLog } from "../../core/events/event-log.ts";

export interface EventsOptions {
  /** Remembered events from this moment on come first; undefined for all where there is an end, or for new ones only. */
  readonly sinceNs: bigint | undefined;
  /** The stream ends at this moment; undefined for never. */
  readonly untilNs: bigint | undefined;
  readonly filters: Filters;
  readonly signal: AbortSignal;
}

/** A reader that does not keep up loses its stream rather than the engine its memory. */
const MAX_QUEUED = 64 * 1024;

/**
 * Events as they happen, remembered ones first where a bound of time asks for them. Collecting begins with the call. Ends at
 * `untilNs`, when the signal is aborted, or when the reader has fallen too far behind. Source: docker, `events --until`.
 */
export function streamEvents(log: EventLog, options: EventsOptions): AsyncIterable<EngineEvent> {
  const accept = eventMatcher(options.filters);
  const { sinceNs, untilNs, signal } = options;
  const inTime = ({ timeNs }: EngineEvent) => untilNs === undefined || timeNs <= untilNs;
  const queue: EngineEvent[] = [];
  if (sinceNs !== undefined || untilNs !== undefined) {
    const fromNs = sinceNs ?? 0n;
    queue.push(...log.past().filter((event) => event.timeNs >= fromNs && inTime(event) && accept(event)));
  }
  let wake = Promise.withResolvers<void>();
  let ended = false;
  const end = () => {
    ended = true;
    subscription[Symbol.dispose]();
    signal.removeEventListener("abort", end);
    clearTimeout(timer);
    wake.resolve();
  };
  const subscription = log.subscribe((event) => {
    if (!inTime(event) || !accept(event)) return;
    queue.push(event);
    if (queue.length > MAX_QUEUED) end();
    wake.resolve();
  });
  const timer = untilNs === undefined ? undefined : endAt(untilNs, end);
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return drain();

  async function* drain(): AsyncIterable<EngineEvent> {
    try {
      for (;;) {
        for (let event = queue.shift(); event; event = queue.shift()) yield event;
        if (ended) return;
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    } finally {
      end();
    }
  }
}

/** Calls `end` at a moment, however far away: timers longer than 24 days would fire at once. */
function endAt(untilNs: bigint, end: () => void): NodeJS.Timeout {
  const waitMs = Number(untilNs / 1_000_000n) - Date.now();
  return setTimeout(end, Math.min(Math.max(0, waitMs), 2 ** 31 - 1));
}

/** Whether an event passes the filters that `events` takes. */
function eventMatcher(filters: Filters): (event: EngineEvent) => boolean {
  const oneOf = (name: string, test: (wanted: string) => boolean) => {
    const wanted = filters.get(name) ?? [];
    return wanted.length === 0 || wanted.some(test);
  };
  return (event) => {
    const { id, attributes } = event.actor;
    // By how they begin, as in docker: an id may be cut short, and so may a name.
    const names = (type: EngineEvent["type"], wanted: string) =>
      event.type === type && (id.startsWith(wanted) || (attributes["name"] ?? "").startsWith(wanted));
    return (
      oneOf("type", (type) => event.type === type) &&
      oneOf("event", (action) => event.action === action || event.action.startsWith(`${action}:`)) &&
      oneOf("scope", (scope) => scope === "local") &&
      oneOf("container", (wanted) => names("container", wanted)) &&
      oneOf("network", (wanted) => names("network", wanted)) &&
      oneOf("volume", (wanted) => names("volume", wanted)) &&
      oneOf("daemon", (wanted) => names("daemon", wanted)) &&
      oneOf("plugin", (wanted) => names("plugin", wanted)) &&
      oneOf("image", (wanted) => isOfImage(event, wanted)) &&
      matchesLabels(filters, "label", attributes)
    );
  };
}

/** Events of the image itself and of containers that run it. */
function isOfImage(event: EngineEvent, wanted: string): boolean {
  const image = event.type === "image" ? event.actor.attributes["name"] : event.actor.attributes["image"];
  const withoutTag = image?.replace(/:[^/:]*$/, "");
  return event.actor.id === wanted || image === wanted || withoutTag === wanted;
}
