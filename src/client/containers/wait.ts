import { decodeJsonStream } from "../../spec/engine-api/json-stream.ts";
import type { ContainerWaitResponse, WaitCondition } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { connectionLost } from "../errors.ts";
import { segment } from "../path.ts";

/** A wait that the engine has taken on. */
export interface Waiting {
  /** The exit, once it happens. */
  readonly exit: Promise<ContainerWaitResponse>;
}

/**
 * Waits for a container to reach `condition`. The returned promise resolves as soon as the engine watches: an exit
 * after that cannot be missed.
 */
export async function waitContainer(
  client: ApiClient,
  id: string,
  condition: WaitCondition = "not-running",
  signal?: AbortSignal,
): Promise<Waiting> {
  const response = await client.bytes({
    method: "POST",
    path: `/containers/${segment(id)}/wait`,
    query: { condition },
    ...(signal ? { signal } : {}),
  });
  const exit = readExit(response);
  // The caller may fail elsewhere first and never look at the exit.
  exit.catch(() => {});
  return { exit };
}

async function readExit(response: AsyncIterable<Uint8Array>): Promise<ContainerWaitResponse> {
  for await (const answer of decodeJsonStream<ContainerWaitResponse>(response)) return answer;
  throw connectionLost(undefined);
}
