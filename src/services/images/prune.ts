import type { Digest } from "../../base/digest.ts";
import { booleanFilter, type Filters, matchesLabels } from "../../base/filters.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageDeleteItem, ImagesPruneResponse } from "../../spec/engine-api/mod.ts";
import {
  fullString,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
  trimNamed,
  withTag,
} from "../../spec/reference/reference.ts";
import { createdMs, parseFilterTimeMs } from "./filter-time.ts";
import { sweepGarbage } from "./garbage.ts";

import { namesOfImage } from "./names.ts";
import type { ImageParts, ImageUser } from "./parts.ts";
import { forgetImage, releaseVariants, untagSome, usersOf } from "./remove.ts";
import { isHidden } from "./variants.ts";

/**
 * Removes images that no container uses: those without a tag, or with `dangling=false` all of them, and of those in use the
 * names that nobody needs. Space that is in use by nothing at all is given back too. Errors: invalidArgument.
 */
export async function pruneImages(parts: ImageParts, filters: Filters): Promise<ImagesPruneResponse> {
  const danglingOnly = booleanFilter(filters, "dangling") ?? true;
  const untilMs = untilFilter(filters);
  const everyUser = parts.users.list();
  const items: ImageDeleteItem[] = [];
  const targets: Digest[] = [];
  for (const image of childrenFirst(parts)) {
    const wanted =
      !isHidden(parts, image.id) &&
      (!danglingOnly || namesOfImage(parts, image.id).tags.length === 0) &&
      createdMs(image.created) < untilMs &&
      matchesLabels(filters, "label", image.labels) &&
      !(filters.get("label!") ?? []).some((label) =>
        matchesLabels(new Map([["label", [label]]]), "label", image.labels),
      );
    if (!wanted) continue;
    targets.push(...parts.images.targetsOf(image.id));
    const users = usersOf(parts, image, everyUser);
    if (users.length === 0 && parts.images.children(image.id).length === 0) forgetImage(parts, image, items);
    else untagSome(parts, image, spareNames(parts, image, users), items);
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

/** Tags that an image which stays can do without: those that no container was made by, but for one while containers use it. */
function spareNames(parts: ImageParts, image: ImageRecord, users: readonly ImageUser[]): NamedReference[] {
  const asked = new Set(users.map((user) => tagAsked(user.asked)));
  const names = [...namesOfImage(parts, image.id).tags].sort((a, b) =>
    fullString(a) < fullString(b) ? -1 : 1,
  );
  const spare = names.filter((name) => !asked.has(fullString(name)));
  return users.length > 0 && spare.length === names.length ? spare.slice(0, -1) : spare;
}

function tagAsked(text: string): string | undefined {
  try {
    const { tag, ...name } = tagNameOnly(parseNormalized(text));
    return tag && fullString(withTag(trimNamed(name), tag));
  } catch {
    return undefined; // By id: no tag was meant.
  }
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
