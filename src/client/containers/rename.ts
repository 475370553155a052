import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Gives a container another name. Errors: notFound, conflict (name in use). */
export function renameContainer(client: ApiClient, id: string, name: string): Promise<void> {
  return client.send({ method: "POST", path: `/containers/${segment(id)}/rename`, query: { name } });
}
