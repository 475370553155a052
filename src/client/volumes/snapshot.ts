import type { Volume } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** A new volume has what another has now; an empty name lets the engine choose. Only this program's engine has it. */
export function snapshotVolume(client: ApiClient, source: string, target = ""): Promise<Volume> {
  return client.json({
    method: "POST",
    path: `/gantry/volumes/${segment(source)}/snapshot`,
    query: { target },
  });
}
