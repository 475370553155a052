import type { ContainerCreateRequest, ContainerCreateResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

export interface CreateContainerOptions {
  readonly name?: string;
  /** `os[/arch[/variant]]`. Since API 1.41. */
  readonly platform?: string;
}

/** Makes a container; it does not run yet. Errors: notFound (image), conflict (name), invalidArgument. */
export function createContainer(
  client: ApiClient,
  body: ContainerCreateRequest,
  options: CreateContainerOptions = {},
): Promise<ContainerCreateResponse> {
  return client.json({
    method: "POST",
    path: "/containers/create",
    query: { name: options.name, platform: options.platform },
    json: body,
  });
}
