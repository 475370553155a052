import type { ApiClient } from "../api-client.ts";
import type { HijackedStream } from "../hijacked-stream.ts";
import { segment } from "../path.ts";

export interface AttachOptions {
  readonly stream?: boolean;
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Sends what the container has written before. */
  readonly logs?: boolean;
  /** The key sequence that the engine ends the attachment at. */
  readonly detachKeys?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Attaches to a container's streams, running or not yet started. */
export function attachContainer(
  client: ApiClient,
  id: string,
  options: AttachOptions,
): Promise<HijackedStream> {
  const { signal, ...query } = options;
  return client.hijack({
    method: "POST",
    path: `/containers/${segment(id)}/attach`,
    query,
    ...(signal ? { signal } : {}),
  });
}
