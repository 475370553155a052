import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

export interface StopOptions {
  readonly signal?: string | undefined;
  /** Seconds until it is killed; -1 waits for ever, without it the container's own time-out holds. */
  readonly timeoutSeconds?: number | undefined;
}

/** Stops a container and returns once it has stopped. */
export function stopContainer(client: ApiClient, id: string, options: StopOptions = {}): Promise<void> {
  const query = { t: options.timeoutSeconds, signal: options.signal };
  return client.send({ method: "POST", path: `/containers/${segment(id)}/stop`, query });
}
