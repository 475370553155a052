import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Starts a container; one that runs already is left as it is. Errors: notFound, invalidArgument (no such command). */
export function startContainer(client: ApiClient, id: string, detachKeys?: string): Promise<void> {
  return client.send({ method: "POST", path: `/containers/${segment(id)}/start`, query: { detachKeys } });
}
