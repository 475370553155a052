import type { DiskUsage } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { isOlder } from "../api-version.ts";

/** What images, containers, volumes and build cache take on disk, object by object; only of `kinds` where they are given. */
export async function diskUsage(
  client: ApiClient,
  kinds: readonly ("container" | "image" | "volume" | "build-cache")[] = [],
): Promise<DiskUsage> {
  // Since API 1.52 the lists come on request only.
  const lists = !isOlder(await client.apiVersion(), "1.52");
  return await client.json({ method: "GET", path: "/system/df", query: { verbose: lists, type: kinds } });
}
