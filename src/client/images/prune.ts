import type { ImagesPruneResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

/** Removes unused images that match: untagged ones, or all with the filter `dangling=false`. */
export function pruneImages(client: ApiClient, filters: Filters): Promise<ImagesPruneResponse> {
  return client.json({ method: "POST", path: "/images/prune", query: { filters: encodeFilters(filters) } });
}
