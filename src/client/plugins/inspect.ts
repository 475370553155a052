import type { Plugin } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { imagePath } from "../path.ts";

/** All that is known of a managed plug-in. Errors: notFound. */
export function inspectPlugin(client: ApiClient, name: string): Promise<Plugin> {
  return client.json({ method: "GET", path: `/plugins/${imagePath(name)}/json` });
}
