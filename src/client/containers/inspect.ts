import type { ContainerInspectResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** All that is known of a container. `size` adds what its files take, which costs the engine a walk. */
export function inspectContainer(
  client: ApiClient,
  id: string,
  size = false,
): Promise<ContainerInspectResponse> {
  return client.json({ method: "GET", path: `/containers/${segment(id)}/json`, query: { size } });
}
