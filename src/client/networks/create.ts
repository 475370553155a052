import type { NetworkCreateRequest, NetworkCreateResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

/** Makes a network. Errors: conflict (name or subnet in use), permissionDenied, notFound (driver). */
export function createNetwork(client: ApiClient, body: NetworkCreateRequest): Promise<NetworkCreateResponse> {
  return client.json({ method: "POST", path: "/networks/create", json: body });
}
