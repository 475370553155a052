import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Sends a signal to a container's first process: SIGKILL where none is named. Errors: conflict (not running). */
export function killContainer(client: ApiClient, id: string, signal?: string): Promise<void> {
  const query = signal ? { signal } : {};
  return client.send({ method: "POST", path: `/containers/${segment(id)}/kill`, query });
}
