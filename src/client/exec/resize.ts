import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Sets the size of a process's terminal, in characters. */
export function resizeExec(client: ApiClient, id: string, height: number, width: number): Promise<void> {
  return client.send({ method: "POST", path: `/exec/${segment(id)}/resize`, query: { h: height, w: width } });
}
