import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Freezes all processes of a container. Errors: notFound, conflict (not running, or paused). */
export function pauseContainer(client: ApiClient, id: string): Promise<void> {
  return client.send({ method: "POST", path: `/containers/${segment(id)}/pause` });
}
