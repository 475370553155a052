import type { Digest } from "../../base/digest.ts";
import { type Filters, matchesLabels } from "../../base/filters.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageDeleteItem, ImagesPruneResponse } from "../../spec/engine-api/mod.ts";
import { createdMs, parseFilterTimeMs } from "./filter-time.ts";
import { sweepGarbage } from "./garbage.ts";
import { booleanFilter } from "./list.ts";
import { namesOfImage } from "./names.ts";
import type { ImageParts } from "./parts.ts";
import { forgetImage, releaseVariants } from "./remove.ts";
import { groupOf, isHidden } from "./variants.ts";

/**
 * Removes images that no container uses: those without a tag, or with `dangling=false` all of them. Space that is in
 * use by nothing at all is given back too. Errors: invalidArgument.
 */
export async function pruneImages(parts: ImageParts, filters: Filters): Promise<ImagesPruneResponse> {
  const danglingOnly = booleanFilter(filters, "dangling") ?? true;
  const untilMs = untilFilter(filters);
  const used = new Set<string>(parts.users.list().map(({ imageId }) => imageId));
  const items: ImageDeleteItem[] = [];
  const targets: Digest[] = [];
  for (const image of childrenFirst(parts)) {
    const wanted =
      !isHidden(parts, image.id) &&
      !groupOf(parts, image.id).some(({ id }) => used.has(id)) &&
      parts.images.children(image.id).length === 0 &&
      (!danglingOnly || namesOfImage(parts, image.id).tags.length === 0) &&
      createdMs(image.created) < untilMs &&
      matchesLabels(filters, "label", image.labels) &&
      !(filters.get("label!") ?? []).some((label) =>
        matchesLabels(new Map([["label", [label]]]), "label", image.labels),
      );
    if (!wanted) continue;
    targets.push(...parts.images.targetsOf(image.id));
    forgetImage(parts, image, items);
  }
  releaseVariants(parts, targets, items);
  const { snapshots, freedBytes } = await sweepGarbage(parts);
  for (const key of snapshots) items.push({ Deleted: key });
  parts.events.publish({
    type: "image",
    action: "prune",
    actor: { id: "", attributes: { reclaimed: String(freedBytes) } },
  });
  return { ImagesDeleted: items.length > 0 ? items : null, SpaceReclaimed: freedBytes };
}

function untilFilter(filters: Filters): number {
  const nowMs = Date.now();
  const times = (filters.get("until") ?? []).map((text) => parseFilterTimeMs(text, nowMs));
  return Math.min(Number.POSITIVE_INFINITY, ...times);
}

/** Children before parents, so that a whole line of unused images goes at once. */
function childrenFirst(parts: ImageParts): ImageRecord[] {
  const seen = new Set<string>();
  const ordered: ImageRecord[] = [];
  const visit = (image: ImageRecord) => {
    if (seen.has(image.id)) return;
    seen.add(image.id);
    for (const child of parts.images.children(image.id)) visit(child);
    ordered.push(image);
  };
  for (const image of parts.images.list()) visit(image);
  return ordered;
}
