import type { Digest } from "../../base/digest.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import {
  familiarName,
  familiarString,
  fullString,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
  withTag,
} from "../../spec/reference/reference.ts";
import { tagNamedAsAlgorithm, tagWithDigest } from "./errors.ts";
import { publishImageEvent } from "./image-events.ts";
import type { ImageParts } from "./parts.ts";
import { resolveImage } from "./resolve.ts";

/** The name that a repository and a tag, as given by a user, make. Errors: invalidArgument. */
export function parseTagTarget(repository: string, tag: string): NamedReference {
  const reference = parseNormalized(repository);
  if (reference.digest !== undefined) throw tagWithDigest();
  if (/^(?:sha256|sha384|sha512)$/.test(familiarName(reference))) throw tagNamedAsAlgorithm();
  return tag === "" ? tagNameOnly(reference) : withTag(reference, tag);
}

/** Gives an image, with all its platforms, another name. A name that another image had is taken from it. Errors: notFound, invalidArgument. */
export function tagImage(
  parts: ImageParts,
  source: string,
  target: { readonly repository: string; readonly tag: string },
): void {
  const name = parseTagTarget(target.repository, target.tag);
  const found = resolveImage(parts, source);
  setTag(parts, found.image, name, found.target);
}

/** Gives `image` the name and tells of it. */
export function setTag(parts: ImageParts, image: ImageRecord, name: NamedReference, target?: Digest): void {
  parts.images.setName(fullString(name), image.id, target ?? image.manifest);
  publishImageEvent(parts, "tag", image.id, familiarString(name), image);
}
