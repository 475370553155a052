import { decodeJsonStream } from "../../spec/engine-api/json-stream.ts";
import type { ContainerStatsResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

export interface StatsOptions {
  /** One sample a second for as long as the consumer reads; otherwise one sample with its predecessor. */
  readonly stream: boolean;
  readonly signal?: AbortSignal;
}

/** Samples of a container's use of resources. */
export async function* containerStats(
  client: ApiClient,
  id: string,
  options: StatsOptions,
): AsyncGenerator<ContainerStatsResponse> {
  const response = await client.stream({
    method: "GET",
    path: `/containers/${segment(id)}/stats`,
    query: { stream: options.stream ? "1" : "0" },
    ...(options.signal ? { signal: options.signal } : {}),
  });
  yield* decodeJsonStream<ContainerStatsResponse>(response);
}
