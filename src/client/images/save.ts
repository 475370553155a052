import type { IncomingMessage } from "node:http";
import type { OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

/** Images with their names as one tar, in docker's and OCI's layout; one platform of each where one is given. */
export function saveImages(
  client: ApiClient,
  names: readonly string[],
  platform?: OCIPlatform,
): Promise<IncomingMessage> {
  return client.stream({ method: "GET", path: "/images/get", query: { names, platform } });
}
