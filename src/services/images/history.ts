import { chainIdsOf } from "../../base/digest.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageHistoryItem, OCIPlatform } from "../../spec/engine-api/mod.ts";
import { normalizePlatform } from "../../spec/oci-image/platform.ts";
import { familiarString } from "../../spec/reference/reference.ts";
import { createdMs } from "./filter-time.ts";
import { readConfig } from "./image-documents.ts";
import { shownNames } from "./names.ts";
import type { ImageParts } from "./parts.ts";
import { resolveImage } from "./resolve.ts";

/** The steps that made an image, last one first. Errors: notFound, invalidArgument. */
export async function imageHistory(
  parts: ImageParts,
  name: string,
  options: { readonly platform: OCIPlatform | undefined },
): Promise<ImageHistoryItem[]> {
  const wanted = options.platform && normalizePlatform(options.platform);
  const { image } = resolveImage(parts, name, wanted);
  const config = await readConfig(parts, image.id);
  const chain = chainIdsOf(config.rootfs.diff_ids);
  const items: ImageHistoryItem[] = [];
  let layer = 0;
  for (const step of config.history) {
    // A hostile history may claim more layers than there are.
    const key = step.empty_layer ? undefined : chain[layer++];
    items.push({
      Id: "<missing>",
      Created: Math.trunc(createdMs(step.created ?? "") / 1000),
      CreatedBy: step.created_by ?? "",
      Tags: null,
      Size: key === undefined ? 0 : (await parts.snapshotter.usage(key)).sizeBytes,
      Comment: step.comment ?? "",
    });
  }
  items.reverse();
  // Each parent that is known stands for one step: those that were committed or built here.
  let from: ImageRecord | undefined = image;
  for (const item of items) {
    if (!from) break;
    const tags = shownNames(parts, from.id).tags.map(familiarString);
    item.Id = from.id;
    item.Tags = tags.length > 0 ? tags : null;
    from = from.parent && parts.images.get(from.parent);
  }
  return items;
}
