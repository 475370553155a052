import type { NetworkDisconnectRequest } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Takes a container's endpoint in a network away. */
export function disconnectNetwork(
  client: ApiClient,
  id: string,
  body: NetworkDisconnectRequest,
): Promise<void> {
  return client.send({ method: "POST", path: `/networks/${segment(id)}/disconnect`, json: body });
}
