import type { ContainerTopResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** A container's processes; `psArgs` are options of ps. Errors: notFound, conflict (not running). */
export function topContainer(client: ApiClient, id: string, psArgs = ""): Promise<ContainerTopResponse> {
  const query = psArgs === "" ? {} : { ps_args: psArgs };
  return client.json({ method: "GET", path: `/containers/${segment(id)}/top`, query });
}
