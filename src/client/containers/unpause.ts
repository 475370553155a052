import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Lets a frozen container go on. Errors: notFound, conflict (not paused). */
export function unpauseContainer(client: ApiClient, id: string): Promise<void> {
  return client.send({ method: "POST", path: `/containers/${segment(id)}/unpause` });
}
