import type { ContainerUpdateRequest, ContainerUpdateResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** Changes limits and restart policy of a container, running or not. */
export function updateContainer(
  client: ApiClient,
  id: string,
  body: ContainerUpdateRequest,
): Promise<ContainerUpdateResponse> {
  return client.json({ method: "POST", path: `/containers/${segment(id)}/update`, json: body });
}
