import type { AuthConfig, ImageSearchItem } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";
import { registryAuthHeader } from "../registry-auth.ts";

export interface SearchOptions {
  readonly term: string;
  readonly limit?: number | undefined;
  readonly filters?: Filters;
  readonly auth?: AuthConfig | undefined;
}

/** Repositories of a registry that match a term. */
export function searchImages(client: ApiClient, options: SearchOptions): Promise<ImageSearchItem[]> {
  return client.json({
    method: "GET",
    path: "/images/search",
    query: { term: options.term, limit: options.limit, filters: encodeFilters(options.filters) },
    headers: registryAuthHeader(options.auth),
  });
}
