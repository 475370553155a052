import type { SystemVersion } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

/** The engine's version and those of its parts. */
export function engineVersion(client: ApiClient): Promise<SystemVersion> {
  return client.json({ method: "GET", path: "/version" });
}
