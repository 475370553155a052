import type { Readable } from "node:stream";
import type { Volume } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** A new or empty volume has what a tar holds. Only this program's engine has it. Errors: conflict (not empty). */
export function importVolume(client: ApiClient, name: string, tar: Readable): Promise<Volume> {
  return client.json({
    method: "POST",
    path: `/gantry/volumes/${segment(name)}/import`,
    body: tar,
    headers: { "Content-Type": "application/x-tar" },
  });
}
