import { exactIntegers } from "../../spec/engine-api/exact-integers.ts";
import { decodeJsonStream } from "../../spec/engine-api/json-stream.ts";
import type { EventMessage } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

export interface EventsOptions {
  /** Unix time in seconds, with nanoseconds behind a dot. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly filters?: Filters;
  readonly signal?: AbortSignal;
  /** Called once the engine listens: what happens after it is not missed. */
  readonly onOpen?: () => void;
}

/** An event with all digits of its moment. */
export type ExactEvent = Omit<EventMessage, "timeNano"> & { readonly timeNano: bigint };

/** Events as they happen, after those since `since`; ends at `until`. */
export async function* engineEvents(
  client: ApiClient,
  options: EventsOptions = {},
): AsyncGenerator<ExactEvent> {
  const response = await client.stream({
    method: "GET",
    path: "/events",
    query: { since: options.since, until: options.until, filters: encodeFilters(options.filters) },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  options.onOpen?.();
  yield* decodeJsonStream<ExactEvent>(response, exactIntegers("timeNano"));
}
