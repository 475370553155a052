import type { ContainersPruneResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

/** Removes all stopped containers that match. */
export function pruneContainers(client: ApiClient, filters: Filters = {}): Promise<ContainersPruneResponse> {
  return client.json({
    method: "POST",
    path: "/containers/prune",
    query: { filters: encodeFilters(filters) },
  });
}
