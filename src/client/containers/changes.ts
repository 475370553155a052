import type { FilesystemChange } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** What differs between a container's files and its image's; none is an empty list. */
export async function containerChanges(client: ApiClient, id: string): Promise<FilesystemChange[]> {
  const path = `/containers/${segment(id)}/changes`;
  return (await client.json<FilesystemChange[] | null>({ method: "GET", path })) ?? [];
}
