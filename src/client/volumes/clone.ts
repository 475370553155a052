import type { Volume } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** A new volume has everything that another has. Only this program's engine has it. Errors: notFound, conflict (name). */
export function cloneVolume(client: ApiClient, source: string, target: string): Promise<Volume> {
  return client.json({
    method: "POST",
    path: `/gantry/volumes/${segment(source)}/clone`,
    query: { target },
  });
}
