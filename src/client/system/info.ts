import type { SystemInfo } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

/** The engine's configuration, abilities and counts. */
export function engineInfo(client: ApiClient): Promise<SystemInfo> {
  return client.json({ method: "GET", path: "/info" });
}
