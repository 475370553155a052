import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

/** The plug-in runs. Errors: notFound, conflict (it does already). */
export function enablePlugin(client: ApiClient, name: string, timeoutSeconds = 0): Promise<void> {
  return client.send({
    method: "POST",
    path: `/plugins/${imagePath(name)}/enable`,
    query: { timeout: timeoutSeconds },
  });
}

/** The plug-in does not run. Errors: notFound, conflict (it does not, or is in use). */
export function disablePlugin(client: ApiClient, name: string, force = false): Promise<void> {
  return client.send({
    method: "POST",
    path: `/plugins/${imagePath(name)}/disable`,
    query: { force: force || undefined },
  });
}

/** Settings of a disabled plug-in are others, each `name[.field]=value`. Errors: notFound, internal. */
export function setPlugin(client: ApiClient, name: string, assignments: readonly string[]): Promise<void> {
  return client.send({ method: "POST", path: `/plugins/${imagePath(name)}/set`, json: assignments });
}

/** Nothing of the plug-in is left. Errors: notFound, conflict (enabled, in use). */
export function removePlugin(client: ApiClient, name: string, force = false): Promise<void> {
  return client.send({
    method: "DELETE",
    path: `/plugins/${imagePath(name)}`,
    query: { force: force || undefined },
  });
}
