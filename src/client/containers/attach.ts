import type { ApiClient } from "../api-client.ts";
import type { AttachedStream } from "../attached-stream.ts";
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
): Promise<AttachedStream> {
  const { signal, ...query } = options;
  const request = {
    method: "POST",
    path: `/containers/${segment(id)}/attach`,
    query,
    ...(signal ? { signal } : {}),
  } as const;
  return client.attach(request, options.stdin ?? false);
}
