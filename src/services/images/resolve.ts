import { isDigest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { ImageRecord, ImageStore } from "../../core/images/image-store.ts";
import { type Platform, parsePlatform, platformRank } from "../../spec/oci-image/platform.ts";
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

/** An image and how it was asked for. */
export interface ResolvedImage {
  readonly image: ImageRecord;
  /** The name, with its tag or digest, that the text meant; undefined where it was an id. */
  readonly reference: NamedReference | undefined;
}

/**
 * The image that a user's text names: an id (with or without `sha256:`), a name with a tag, digest or neither, or the
 * beginning of an id; in this order.
 * Errors: notFound (`No such image: x:latest`), invalidArgument (`invalid reference format`, `ambiguous reference`).
 */
export function resolveImage(images: ImageStore, text: string, platform?: Platform): ResolvedImage {
  const found = findImage(images, text);
  if (platform && platformRank(platform, parsePlatform(found.image.platform)) === undefined) {
    throw wrongPlatform(text, platform, found.image.platform);
  }
  return found;
}

function findImage(images: ImageStore, text: string): ResolvedImage {
  const id = /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isDigest(id)) {
    const image = images.get(id) ?? findByManifest(images, id);
    if (!image) throw noSuchImage(text);
    return { image, reference: undefined };
  }
  const prefix = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(text)?.[1];
  const reference = parseUnlessId(text, prefix);
  const image = reference && findByName(images, reference);
  if (image) return { image, reference };
  if (prefix !== undefined) {
    const candidates = images.findByIdPrefix(prefix);
    if (candidates.length > 1) throw ambiguousImage();
    if (candidates.length === 1) return { image: candidates[0]!, reference: undefined };
  }
  throw noSuchImage(reference ? familiarString(tagNameOnly(reference)) : text);
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

function findByManifest(images: ImageStore, digest: string): ImageRecord | undefined {
  return images.list().find((image) => image.manifest === digest);
}

/** The image that has this name now. */
export function findByName(images: ImageStore, reference: NamedReference): ImageRecord | undefined {
  const named = tagNameOnly(reference);
  if (named.digest === undefined) {
    const known = images.resolveName(fullString(named));
    return known && images.get(known.id);
  }
  const id = images.resolveRepoDigest(fullName(named), named.digest);
  if (id !== undefined) return images.get(id);
  const tagged =
    named.tag === undefined ? undefined : images.resolveName(fullString(withTag(named, named.tag)));
  return tagged?.target === named.digest ? images.get(tagged.id) : undefined;
}
