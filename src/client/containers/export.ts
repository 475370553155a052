import type { IncomingMessage } from "node:http";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** All files of a container as a tar. */
export function exportContainer(client: ApiClient, id: string): Promise<IncomingMessage> {
  return client.stream({ method: "GET", path: `/containers/${segment(id)}/export` });
}
