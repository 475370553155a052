import type { ImageSummary, UsageSummary } from "../../spec/engine-api/mod.ts";
import { holdingsOf, storeBytes, sumOf } from "./holdings.ts";
import { listImages } from "./list.ts";
import type { ImageParts } from "./parts.ts";
import { readGroups } from "./variants.ts";

/**
 * What images take on disk. `TotalSize` is everything that the store holds, each layer and blob once; `Reclaimable` is what
 * would go with all images that no container uses, and with what nothing needs at all.
 */
export async function imageDiskUsage(parts: ImageParts): Promise<Required<UsageSummary<ImageSummary>>> {
  const items = await listImages(parts, {
    all: false,
    filters: new Map(),
    sharedSize: true,
    manifests: false,
    identity: false,
  });
  const used = new Set(parts.users.list().map(({ imageId }) => imageId));
  const groups = readGroups(parts);
  const needed = parts.images.list().filter((image) => groups.groupOf(image).some(({ id }) => used.has(id)));
  const totalBytes = await storeBytes(parts);
  return {
    ActiveCount: items.filter(({ Containers }) => Containers > 0).length,
    TotalCount: items.length,
    TotalSize: totalBytes,
    Reclaimable: Math.max(0, totalBytes - sumOf(await holdingsOf(parts, needed))),
    Items: items,
  };
}
