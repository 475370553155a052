import type { Readable } from "node:stream";
import { decodeJsonStream } from "../../spec/engine-api/json-stream.ts";
import type { ProgressMessage } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

export interface ImportOptions {
  /** A URL that the engine fetches, or `-` for `tar`. */
  readonly source: string;
  readonly tar?: Readable;
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
  readonly message?: string | undefined;
  readonly changes?: readonly string[];
  readonly platform?: string | undefined;
}

/** Makes an image with one layer of a tar. */
export async function* importImage(
  client: ApiClient,
  options: ImportOptions,
): AsyncGenerator<ProgressMessage> {
  const response = await client.stream({
    method: "POST",
    path: "/images/create",
    query: {
      fromSrc: options.source,
      repo: options.repository,
      tag: options.tag,
      message: options.message,
      changes: options.changes,
      platform: options.platform,
    },
    ...(options.tar ? { body: options.tar } : {}),
  });
  yield* decodeJsonStream<ProgressMessage>(response);
}
