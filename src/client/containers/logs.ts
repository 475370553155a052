import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

export interface LogsOptions {
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly details?: boolean;
  /** Unix time in seconds, with nanoseconds behind a dot. */
  readonly since?: string;
  readonly until?: string;
  /** A number of lines, or `all`. */
  readonly tail?: string;
  readonly signal?: AbortSignal;
}

/** A container's output, framed (see stdcopy) where it has no terminal. */
export function containerLogs(
  client: ApiClient,
  id: string,
  options: LogsOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { signal, ...query } = options;
  return client.bytes({
    method: "GET",
    path: `/containers/${segment(id)}/logs`,
    query,
    ...(signal ? { signal } : {}),
  });
}
