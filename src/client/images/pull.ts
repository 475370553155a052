import { decodeJsonStream } from "../../spec/engine-api/json-stream.ts";
import type { AuthConfig, ProgressMessage } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { registryAuthHeader } from "../registry-auth.ts";

export interface PullOptions {
  /** Repository, with its registry where it is not Docker Hub. */
  readonly image: string;
  /** A tag or a digest; without one all tags are pulled. */
  readonly tag?: string | undefined;
  readonly platform?: string | undefined;
  readonly auth?: AuthConfig | undefined;
  readonly signal?: AbortSignal;
}

/** Pulls an image. A failure half way comes as a message with `errorDetail`, not as an exception. */
export async function* pullImage(client: ApiClient, options: PullOptions): AsyncGenerator<ProgressMessage> {
  const response = await client.stream({
    method: "POST",
    path: "/images/create",
    query: { fromImage: options.image, tag: options.tag, platform: options.platform },
    headers: registryAuthHeader(options.auth),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  yield* decodeJsonStream<ProgressMessage>(response);
}
