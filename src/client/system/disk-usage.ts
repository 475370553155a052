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
  const usage = await client.json<DiskUsage>({
    method: "GET",
    path: "/system/df",
    query: { verbose: lists, type: kinds },
  });
  if (!lists) return usage;
  return {
    ...usage,
    LayersSize: usage.ImageUsage?.TotalSize ?? 0,
    Images: usage.ImageUsage?.Items ?? null,
    Containers: usage.ContainerUsage?.Items ?? null,
    Volumes: usage.VolumeUsage?.Items ?? null,
    BuildCache: usage.BuildCacheUsage?.Items ?? null,
  };
}
