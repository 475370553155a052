import type { Volume, VolumeCreateRequest } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";

/** Makes a volume; one of that name and driver is answered as it is. */
export function createVolume(client: ApiClient, body: VolumeCreateRequest): Promise<Volume> {
  return client.json({ method: "POST", path: "/volumes/create", json: body });
}
