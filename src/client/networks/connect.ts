import type { NetworkConnectRequest } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Gives a container an endpoint in a network. */
export function connectNetwork(client: ApiClient, id: string, body: NetworkConnectRequest): Promise<void> {
  return client.send({ method: "POST", path: `/networks/${segment(id)}/connect`, json: body });
}
