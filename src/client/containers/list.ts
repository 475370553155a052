import type { ContainerSummary } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

export interface ListContainersOptions {
  readonly all?: boolean;
  /** That many of the newest, stopped ones included. */
  readonly limit?: number | undefined;
  readonly size?: boolean;
  readonly filters?: Filters;
}

/** Containers, newest first; only running ones without `all`, `limit` or a filter on status. */
export function listContainers(
  client: ApiClient,
  options: ListContainersOptions = {},
): Promise<ContainerSummary[]> {
  const query = {
    all: options.all,
    limit: options.limit,
    size: options.size,
    filters: encodeFilters(options.filters),
  };
  return client.json({ method: "GET", path: "/containers/json", query });
}
