import type { IncomingMessage } from "node:http";
import type { ApiClient } from "../api-client.ts";

/** Images with their names as one tar, in docker's and OCI's layout. */
export function saveImages(client: ApiClient, names: readonly string[]): Promise<IncomingMessage> {
  return client.stream({ method: "GET", path: "/images/get", query: { names } });
}
