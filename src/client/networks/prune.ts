import type { NetworksPruneResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

/** Removes all networks that no container uses and that match. */
export function pruneNetworks(client: ApiClient, filters: Filters = {}): Promise<NetworksPruneResponse> {
  return client.json({ method: "POST", path: "/networks/prune", query: { filters: encodeFilters(filters) } });
}
