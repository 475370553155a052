import type { NetworkSummary } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

/** Networks that match. */
export function listNetworks(client: ApiClient, filters: Filters = {}): Promise<NetworkSummary[]> {
  return client.json({ method: "GET", path: "/networks", query: { filters: encodeFilters(filters) } });
}
