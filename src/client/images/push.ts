import { decodeJsonStream } from "../../spec/engine-api/json-stream.ts";
import type { AuthConfig, OCIPlatform, ProgressMessage } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";
import { registryAuthHeader } from "../registry-auth.ts";

export interface PushOptions {
  readonly image: string;
  /** Without one all tags are pushed. */
  readonly tag?: string | undefined;
  readonly platform?: OCIPlatform | undefined;
  readonly auth: AuthConfig;
}

/** Pushes an image. A failure half way comes as a message with `errorDetail`, not as an exception. */
export async function* pushImage(client: ApiClient, options: PushOptions): AsyncGenerator<ProgressMessage> {
  const response = await client.stream({
    method: "POST",
    path: `/images/${imagePath(options.image)}/push`,
    query: { tag: options.tag, platform: options.platform },
    headers: registryAuthHeader(options.auth),
  });
  yield* decodeJsonStream<ProgressMessage>(response);
}
