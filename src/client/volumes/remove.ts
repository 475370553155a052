import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Removes a volume with what is in it. Errors: notFound (not with `force`), conflict (in use). */
export function removeVolume(client: ApiClient, name: string, force = false): Promise<void> {
  return client.send({ method: "DELETE", path: `/volumes/${segment(name)}`, query: { force } });
}
