import type { Digest } from "../../base/digest.ts";
import type { ImageRecord, ImageStore } from "../../core/images/image-store.ts";
import {
  type Platform,
  parsePlatform,
  platformRank,
  strictPlatformRank,
} from "../../spec/oci-image/platform.ts";
import { fullName, fullString, type NamedReference } from "../../spec/reference/reference.ts";
import type { ImageParts } from "./parts.ts";

/** An image with the manifest that it has in some target. */
export interface StoredVariant {
  readonly image: ImageRecord;
  readonly manifest: Digest;
}

/** The stored images of a manifest or index, in the order in which they came. */
export function storedVariants(images: ImageStore, target: Digest): StoredVariant[] {
  return images.variantsOf(target).flatMap(({ imageId, manifest }) => {
    const image = images.get(imageId);
    return image ? [{ image, manifest }] : [];
  });
}

/** The variant for a platform that was asked for; undefined where none fits. */
export function variantFor(images: ImageStore, target: Digest, wanted: Platform): StoredVariant | undefined {
  return bestVariant(images, target, (platform) => strictPlatformRank(wanted, platform));
}

function bestVariant(
  images: ImageStore,
  target: Digest,
  rankOf: (platform: Platform) => number | undefined,
): StoredVariant | undefined {
  let best: { readonly variant: StoredVariant; readonly rank: number } | undefined;
  for (const variant of storedVariants(images, target)) {
    const rank = rankOf(parsePlatform(variant.image.platform));
    if (rank !== undefined && (!best || rank < best.rank)) best = { variant, rank };
  }
  return best?.variant;
}

/** The image that a target means without a platform: the one for this machine, else the one that came last. */
export function primaryVariant(
  { images, platform }: Pick<ImageParts, "images" | "platform">,
  target: Digest,
): StoredVariant | undefined {
  return (
    bestVariant(images, target, (candidate) => platformRank(platform, candidate)) ??
    storedVariants(images, target).at(-1)
  );
}

/**
 * Records that `target` holds the image; the image that the target means from now on. Names of the target follow.
 * Whether the image was in it before is `known`.
 */
export function addVariant(
  parts: ImageParts,
  target: Digest,
  { image, manifest }: StoredVariant,
): { readonly primary: ImageRecord; readonly known: boolean } {
  const known = parts.images.variantsOf(target).some(({ imageId }) => imageId === image.id);
  parts.images.addVariant(target, { imageId: image.id, manifest });
  const primary = primaryVariant(parts, target)?.image ?? image;
  parts.images.moveTarget(target, primary.id);
  return { primary, known };
}

/** What a reference was pulled or pushed as belongs to the image that `target` means. */
export function nameTarget(
  parts: ImageParts,
  reference: NamedReference,
  image: ImageRecord,
  target: Digest,
): void {
  parts.images.addRepoDigest(image.id, { repository: fullName(reference), digest: target });
  parts.images.setName(fullString(reference), image.id, target);
}

/** Images of which this one is another platform. */
export function hostsOf(parts: ImageParts, id: Digest): Digest[] {
  return parts.images.targetsOf(id).flatMap((target) => {
    const primary = primaryVariant(parts, target)?.image.id;
    return primary !== undefined && primary !== id ? [primary] : [];
  });
}

/** Whether the image is only known as one platform of another. */
export function isHidden(parts: ImageParts, id: Digest): boolean {
  const { images } = parts;
  if (images.namesOf(id).length > 0 || images.repoDigestsOf(id).length > 0) return false;
  return hostsOf(parts, id).length > 0;
}

/** All images that stand behind one entry of the list: the image and the other platforms of its indexes. */
export function groupOf(parts: ImageParts, id: Digest): ImageRecord[] {
  const { images } = parts;
  const ids = new Set([id]);
  for (const target of images.targetsOf(id)) {
    if (primaryVariant(parts, target)?.image.id !== id) continue;
    for (const { imageId } of images.variantsOf(target)) if (isHidden(parts, imageId)) ids.add(imageId);
  }
  return [...ids].flatMap((each) => images.get(each) ?? []);
}

/** All images at once as `isHidden` and `groupOf` tell of one. */
export interface ImageGroups {
  isHidden(id: Digest): boolean;
  groupOf(image: ImageRecord): readonly ImageRecord[];
}

/** Who belongs to whom now. Most images have one platform: only indexes of several are looked at. */
export function readGroups(parts: ImageParts): ImageGroups {
  const hidden = new Set<Digest>();
  const others = new Map<Digest, Map<Digest, ImageRecord>>();
  for (const target of parts.images.sharedTargets()) {
    const primary = primaryVariant(parts, target)?.image.id;
    for (const { image } of storedVariants(parts.images, target)) {
      if (primary === undefined || image.id === primary || !isHidden(parts, image.id)) continue;
      hidden.add(image.id);
      const group = others.get(primary) ?? new Map();
      others.set(primary, group.set(image.id, image));
    }
  }
  return {
    isHidden: (id) => hidden.has(id),
    groupOf: (image) => [image, ...(others.get(image.id)?.values() ?? [])],
  };
}
