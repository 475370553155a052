import { type Digest, isDigest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { ImageRecord, ImageStore } from "../../core/images/image-store.ts";
import type { Platform } from "../../spec/oci-image/platform.ts";
import {
  familiarString,
  fullName,
  fullString,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
  withTag,
} from "../../spec/reference/reference.ts";
import { ambiguousImage, noSuchImage, wrongPlatform } from "./errors.ts";
import { firstTarget } from "./names.ts";
import type { ImageParts } from "./parts.ts";
import { primaryVariant, variantFor } from "./variants.ts";

type Known = Pick<ImageParts, "images" | "platform">;

/** An image and how it was asked for. */
export interface ResolvedImage {
  readonly image: ImageRecord;
  /** The name, with its tag or digest, that the text meant; undefined where it was an id. */
  readonly reference: NamedReference | undefined;
  /** Manifest or index that the text led to. */
  readonly target: Digest;
  /** The image's manifest in the target. */
  readonly manifest: Digest;
}

/**
 * The image that a user's text names: an id or the digest of a manifest or index (with or without `sha256:`), a name with
 * a tag, digest or neither, or the beginning of an id or digest; in this order. Of several platforms it is the one asked
 * for, and without one that which runs here.
 * Errors: notFound (`No such image: x:latest`; docker's text for a platform that is not there), invalidArgument (`invalid
 * reference format`, `ambiguous reference`).
 */
export function resolveImage(known: Known, text: string, platform?: Platform): ResolvedImage {
  const found = findImage(known, text);
  if (!platform) return found;
  const variant = variantOf(known.images, found, platform);
  if (!variant) throw wrongPlatform(text, platform);
  return { ...found, ...variant };
}

/** The variant for a platform: of what was named, or, since ids name one variant, of an index that holds it. */
function variantOf(images: ImageStore, found: ResolvedImage, platform: Platform) {
  const targets = found.reference ? [found.target] : [found.target, ...images.targetsOf(found.image.id)];
  for (const target of targets) {
    const variant = variantFor(images, target, platform);
    if (variant) return { ...variant, target };
  }
  return undefined;
}

function findImage(known: Known, text: string): ResolvedImage {
  const { images } = known;
  const id = /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isDigest(id)) return findByDigest(known, id) ?? fail(noSuchImage(text));
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1];
  const reference = parseUnlessId(text, prefix);
  const named = reference && findByName(known, reference);
  if (named) return named;
  if (prefix !== undefined) {
    const ids = images.findByIdPrefix(prefix).map((image) => image.id);
    const candidates = ids.length > 0 ? ids : images.findTargetsByPrefix(prefix);
    if (candidates.length > 1) throw ambiguousImage();
    const found = candidates[0] && findByDigest(known, candidates[0]);
    if (found) return found;
  }
  throw noSuchImage(reference ? familiarString(tagNameOnly(reference)) : text);
}

function fail(error: Error): never {
  throw error;
}

/** A shortened `sha256:…` is no valid name, but may be an id. */
function parseUnlessId(text: string, prefix: string | undefined): NamedReference | undefined {
  try {
    return parseNormalized(text);
  } catch (error) {
    if (prefix !== undefined && isKind(error, "invalidArgument")) return undefined;
    throw error;
  }
}

/** By id, or by the digest of a manifest or index. */
function findByDigest(known: Known, digest: Digest): ResolvedImage | undefined {
  const { images } = known;
  const image = images.get(digest);
  if (image) {
    // An id stands for all that its image's name does.
    const target = firstTarget(images, image);
    return { image, reference: undefined, target, manifest: manifestIn(images, target, image) };
  }
  const variant = primaryVariant(known, digest);
  return variant && { ...variant, reference: undefined, target: digest };
}

function manifestIn(images: ImageStore, target: Digest, image: ImageRecord): Digest {
  return images.variantsOf(target).find(({ imageId }) => imageId === image.id)?.manifest ?? image.manifest;
}

/** The image that has this name now. */
export function findByName(known: Known, reference: NamedReference): ResolvedImage | undefined {
  const { images } = known;
  const named = tagNameOnly(reference);
  const found = (id: Digest, target: Digest): ResolvedImage | undefined => {
    const image = images.get(id);
    if (!image) return undefined;
    return { image, reference, target, manifest: manifestIn(images, target, image) };
  };
  if (named.digest === undefined) {
    const name = images.resolveName(fullString(named));
    return name && found(name.id, name.target);
  }
  const id = images.resolveRepoDigest(fullName(named), named.digest);
  if (id !== undefined) return found(id, named.digest);
  const tagged =
    named.tag === undefined ? undefined : images.resolveName(fullString(withTag(named, named.tag)));
  return tagged?.target === named.digest ? found(tagged.id, tagged.target) : undefined;
}
