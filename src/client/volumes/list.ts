import type { VolumeListResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { encodeFilters, type Filters } from "../query.ts";

/** Volumes that match. */
export function listVolumes(client: ApiClient, filters: Filters = {}): Promise<VolumeListResponse> {
  return client.json({ method: "GET", path: "/volumes", query: { filters: encodeFilters(filters) } });
}
