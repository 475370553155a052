import type { Volume } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** An unused volume has another name. Only this program's engine has it. Errors: notFound, conflict (in use, name). */
export function renameVolume(client: ApiClient, name: string, target: string): Promise<Volume> {
  return client.json({
    method: "POST",
    path: `/gantry/volumes/${segment(name)}/rename`,
    query: { target },
  });
}
