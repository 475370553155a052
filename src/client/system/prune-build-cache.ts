import type { BuildCachePruneResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

export interface PruneBuildCacheOptions {
  readonly all?: boolean;
  readonly filters?: Filters;
}

/** Removes build cache that no build uses. */
export function pruneBuildCache(
  client: ApiClient,
  options: PruneBuildCacheOptions = {},
): Promise<BuildCachePruneResponse> {
  const query = { all: options.all, filters: encodeFilters(options.filters) };
  return client.json({ method: "POST", path: "/build/prune", query });
}
