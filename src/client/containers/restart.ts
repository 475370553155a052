import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";
import type { StopOptions } from "./stop.ts";

/** Stops a container if it runs, then starts it. */
export function restartContainer(client: ApiClient, id: string, options: StopOptions = {}): Promise<void> {
  const query = { t: options.timeoutSeconds, signal: options.signal };
  return client.send({ method: "POST", path: `/containers/${segment(id)}/restart`, query });
}
