import type { VolumesPruneResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

/** Removes unused volumes that match: anonymous ones, or all with the filter `all=true`. */
export function pruneVolumes(client: ApiClient, filters: Filters = {}): Promise<VolumesPruneResponse> {
  return client.json({ method: "POST", path: "/volumes/prune", query: { filters: encodeFilters(filters) } });
}
