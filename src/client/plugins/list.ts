import type { Plugin } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

/** Managed plug-ins that match. */
export function listPlugins(client: ApiClient, filters: Filters = {}): Promise<Plugin[]> {
  return client.json({ method: "GET", path: "/plugins", query: { filters: encodeFilters(filters) } });
}
