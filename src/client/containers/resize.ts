import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Sets the size of a container's terminal, in characters. */
export function resizeContainer(client: ApiClient, id: string, height: number, width: number): Promise<void> {
  return client.send({
    method: "POST",
    path: `/containers/${segment(id)}/resize`,
    query: { h: height, w: width },
  });
}
