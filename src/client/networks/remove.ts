import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Removes a network. Errors: notFound, permissionDenied (in use, or built in). */
export function removeNetwork(client: ApiClient, id: string): Promise<void> {
  return client.send({ method: "DELETE", path: `/networks/${segment(id)}` });
}
