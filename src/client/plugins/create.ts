import type { Readable } from "node:stream";
import type { ApiClient } from "../api-client.ts";

/** A plug-in is made, disabled, from a tar of `config.json` and `rootfs/`. Errors: conflict (name), invalidArgument. */
export function createPlugin(client: ApiClient, name: string, archive: Readable): Promise<void> {
  return client.send({
    method: "POST",
    path: "/plugins/create",
    query: { name },
    body: archive,
    headers: { "Content-Type": "application/x-tar" },
  });
}
