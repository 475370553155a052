import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { OCIPlatform } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

export interface LoadOptions {
  readonly quiet: boolean;
  /** Only this platform. */
  readonly platform?: OCIPlatform | undefined;
}

/** Takes in the images of a tar. The answer is progress messages where its type is JSON, text otherwise. */
export function loadImages(
  client: ApiClient,
  tar: Readable,
  { quiet, platform }: LoadOptions,
): Promise<IncomingMessage> {
  const query = { quiet: quiet ? "1" : "0", platform };
  const headers = { "Content-Type": "application/x-tar" };
  return client.stream({ method: "POST", path: "/images/load", query, headers, body: tar });
}
