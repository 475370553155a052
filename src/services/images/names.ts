import type { Digest } from "../../base/digest.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import { type NamedReference, parseNormalized, withDigest } from "../../spec/reference/reference.ts";
import type { ImageParts } from "./parts.ts";

/** Names of an image as users write them. */
export interface FamiliarNames {
  readonly tags: readonly NamedReference[];
  readonly digests: readonly NamedReference[];
}

/** Tags and repository digests of an image. */
export function namesOfImage(parts: ImageParts, id: Digest): FamiliarNames {
  return {
    tags: parts.images
      .namesOf(id)
      .map(({ name }) => parseNormalized(name))
      .filter((name) => name.tag !== undefined),
    digests: parts.images
      .repoDigestsOf(id)
      .map(({ repository, digest }) => withDigest(parseNormalized(repository), digest)),
  };
}

/** What the image's first name points to, or its manifest. */
export function firstTarget(parts: ImageParts, image: ImageRecord): Digest {
  return parts.images.namesOf(image.id)[0]?.target ?? image.manifest;
}
