import type { Digest } from "../../base/digest.ts";
import { booleanFilter, type Filters, matchesLabels } from "../../base/filters.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageSummary } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import {
  familiarMatches,
  familiarName,
  familiarString,
  type NamedReference,
} from "../../spec/reference/reference.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { createdMs, parseFilterTimeMs } from "./filter-time.ts";
import { type Holdings, holdingsOf, sumOf } from "./holdings.ts";
import { readTarget } from "./image-documents.ts";
import { describeManifests } from "./manifest-summaries.ts";
import { type ListedNames, readNames } from "./names.ts";
import type { ImageParts } from "./parts.ts";
import { resolveImage } from "./resolve.ts";
import { readGroups } from "./variants.ts";

export interface ImageListOptions {
  /** Intermediate images too. */
  readonly all: boolean;
  readonly filters: Filters;
  /** Computes `SharedSize`; -1 is answered without it. */
  readonly sharedSize: boolean;
  /** Fills `Manifests`. */
  readonly manifests: boolean;
  /** Fills `Identity` in each of these. */
  readonly identity: boolean;
}

/**
 * The images, newest first; the platforms of an index are one entry, with what all of them take. Filters: `dangling`, `label`, `before`, `since`, `until`, `reference`.
 * Errors: invalidArgument, notFound (an image named by a filter).
 */
export async function listImages(parts: ImageParts, options: ImageListOptions): Promise<ImageSummary[]> {
  const namesOf = readNames(parts);
  const matches = imageMatcher(parts, namesOf, options);
  const groups = readGroups(parts);
  const selected = parts.images.list().flatMap((image) => {
    const names = groups.isHidden(image.id) ? undefined : matches(image);
    if (!names) return [];
    const target = names.first ?? image.manifest;
    return [{ image, names, target, group: groups.groupOf(image), created: createdMs(image.created) }];
  });
  selected.sort((a, b) => b.created - a.created);
  const shared = options.sharedSize ? await sharedSizes(parts) : undefined;
  const containers = countUsers(parts);
  return Promise.all(
    selected.map(async ({ image, names, target, group, created }) => ({
      Id: image.id,
      ParentId: image.parent ?? "",
      RepoTags: names.tags.map(familiarString),
      RepoDigests: names.digests.map(familiarString),
      Created: Math.trunc(created / 1000),
      Size: await sizeOf(parts, group),
      SharedSize: shared?.get(image.id) ?? -1,
      Labels: Object.keys(image.labels).length > 0 ? { ...image.labels } : null,
      Containers: group.reduce((count, { id }) => count + (containers.get(id) ?? 0), 0),
      Descriptor: toApiDescriptor(await describeTarget(parts, image, target)),
      ...(options.manifests && {
        Manifests: await describeManifests(parts, target, options),
      }),
    })),
  );
}

/** Platforms of one image may share layers; a single one's size is known. */
async function sizeOf(parts: ImageParts, group: readonly ImageRecord[]): Promise<number> {
  const [image, ...others] = group;
  if (others.length > 0) return sumOf(await holdingsOf(parts, group));
  return image!.sizeBytes + image!.contentBytes;
}

/** What the image stands for. A manifest's type is known; only its size is asked for. */
async function describeTarget(parts: ImageParts, image: ImageRecord, target: Digest): Promise<Descriptor> {
  if (target !== image.manifest) return (await readTarget(parts, target)).descriptor;
  const { sizeBytes } = await parts.content.info(target);
  return { mediaType: image.manifestMediaType, digest: target, size: sizeBytes };
}

function countUsers(parts: ImageParts): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { imageId } of parts.users.list()) counts.set(imageId, (counts.get(imageId) ?? 0) + 1);
  return counts;
}

/** Says which names of an image are listed; undefined where the image is not. */
function imageMatcher(
  parts: ImageParts,
  namesOf: ReturnType<typeof readNames>,
  { all, filters }: Pick<ImageListOptions, "all" | "filters">,
): (image: ImageRecord) => ListedNames | undefined {
  const { earliestMs, latestMs } = timeWindow(parts, filters);
  const dangling = booleanFilter(filters, "dangling");
  const patterns = filters.get("reference") ?? [];
  return (image) => {
    const created = createdMs(image.created);
    if (created <= earliestMs || created >= latestMs || !matchesLabels(filters, "label", image.labels))
      return undefined;
    const names = namesOf(image.id);
    const unnamed = names.tags.length === 0;
    if (unnamed && names.digests.length === 0) {
      if (dangling === false || patterns.length > 0) return undefined;
      return all || parts.images.children(image.id).length === 0 ? names : undefined;
    }
    if (dangling !== undefined && dangling !== unnamed) return undefined;
    return patterns.length === 0 ? names : matchingNames(names, patterns);
  };
}

function matchingNames(names: ListedNames, patterns: readonly string[]): ListedNames | undefined {
  const wanted = (name: NamedReference) => patterns.some((pattern) => familiarMatches(pattern, name));
  const tags = names.tags.filter(wanted);
  const digests = names.digests.filter(
    (name) => wanted(name) || tags.some((tag) => familiarName(tag) === familiarName(name)),
  );
  return tags.length + digests.length > 0 ? { ...names, tags, digests } : undefined;
}

/** Images created strictly between the two moments match. */
function timeWindow(
  parts: ImageParts,
  filters: Filters,
): { readonly earliestMs: number; readonly latestMs: number } {
  const createdOf = (name: string) => createdMs(resolveImage(parts, name).image.created);
  const nowMs = Date.now();
  const latest = [
    ...(filters.get("before") ?? []).map(createdOf),
    ...(filters.get("until") ?? []).map((text) => parseFilterTimeMs(text, nowMs)),
  ];
  const earliest = (filters.get("since") ?? []).map(createdOf);
  return {
    earliestMs: Math.max(Number.NEGATIVE_INFINITY, ...earliest),
    latestMs: Math.min(Number.POSITIVE_INFINITY, ...latest),
  };
}

/** By listed image, the space of layers and blobs that another image uses too. */
async function sharedSizes(parts: ImageParts): Promise<Map<string, number>> {
  const uses = new Map<string, number>();
  const holdings = new Map<string, Holdings>();
  const groups = readGroups(parts);
  for (const image of parts.images.list()) {
    if (groups.isHidden(image.id)) continue;
    const held = await holdingsOf(parts, groups.groupOf(image));
    holdings.set(image.id, held);
    for (const key of held.keys()) uses.set(key, (uses.get(key) ?? 0) + 1);
  }
  return new Map([...holdings].map(([id, held]) => [id, sumOf(held, (key) => uses.get(key)! > 1)]));
}
