import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

export interface RemoveContainerOptions {
  readonly force?: boolean;
  /** Removes the link of that name instead of a container. */
  readonly link?: boolean;
  /** Removes the container's anonymous volumes too. */
  readonly volumes?: boolean;
}

/** Removes a container. Errors: notFound, conflict (it runs). */
export function removeContainer(
  client: ApiClient,
  id: string,
  options: RemoveContainerOptions = {},
): Promise<void> {
  const query = { force: options.force, link: options.link, v: options.volumes };
  return client.send({ method: "DELETE", path: `/containers/${segment(id)}`, query });
}
