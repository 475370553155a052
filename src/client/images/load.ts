import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { ApiClient } from "../api-client.ts";

/** Takes in the images of a tar. The answer is progress messages where its type is JSON, text otherwise. */
export function loadImages(client: ApiClient, tar: Readable, quiet: boolean): Promise<IncomingMessage> {
  const query = { quiet: quiet ? "1" : "0" };
  const headers = { "Content-Type": "application/x-tar" };
  return client.stream({ method: "POST", path: "/images/load", query, headers, body: tar });
}
