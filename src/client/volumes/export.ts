import type { IncomingMessage } from "node:http";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** All files of a volume as a tar. Only this program's engine has it. Errors: notFound. */
export function exportVolume(client: ApiClient, name: string): Promise<IncomingMessage> {
  return client.stream({ method: "GET", path: `/gantry/volumes/${segment(name)}/export` });
}
