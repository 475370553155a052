import type { Volume } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** All that is known of a volume. Errors: notFound. */
export function inspectVolume(client: ApiClient, name: string): Promise<Volume> {
  return client.json({ method: "GET", path: `/volumes/${segment(name)}` });
}
