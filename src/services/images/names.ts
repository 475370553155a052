import type { Digest } from "../../base/digest.ts";
import type { ImageName, ImageRecord, ImageStore, RepoDigest } from "../../core/images/image-store.ts";
import { type NamedReference, parseNormalized, withDigest } from "../../spec/reference/reference.ts";
import type { ImageParts } from "./parts.ts";
import { hostsOf } from "./variants.ts";

/** Names of an image as users write them. */
export interface FamiliarNames {
  readonly tags: readonly NamedReference[];
  readonly digests: readonly NamedReference[];
}

/** The names of an image among others. */
export interface ListedNames extends FamiliarNames {
  /** The index or manifest that its first name points to; undefined where it has none. */
  readonly first: Digest | undefined;
}

/** Tags and repository digests that belong to an image. */
export function namesOfImage(parts: ImageParts, id: Digest): FamiliarNames {
  return familiarNames(parts.images.namesOf(id), parts.images.repoDigestsOf(id));
}

/** What `namesOfImage` says, for a look at many images: read once. */
export function readNames({ images }: ImageParts): (id: Digest) => ListedNames {
  const names = Map.groupBy(images.listNames(), ({ id }) => id);
  const digests = Map.groupBy(images.listRepoDigests(), ({ id }) => id);
  return (id) => {
    const own = names.get(id) ?? [];
    const pulled = digests.get(id) ?? [];
    return { ...familiarNames(own, pulled), first: own[0]?.target ?? pulled[0]?.digest };
  };
}

/** Names under which an image is shown: its own, or as one platform of an index those of the index. */
export function shownNames(parts: ImageParts, id: Digest): FamiliarNames {
  const targets = new Set(parts.images.targetsOf(id));
  const holders = [...new Set([id, ...hostsOf(parts, id)])];
  return familiarNames(
    holders.flatMap((holder) => parts.images.namesOf(holder).filter(({ target }) => targets.has(target))),
    holders.flatMap((holder) =>
      parts.images.repoDigestsOf(holder).filter(({ digest }) => targets.has(digest)),
    ),
  );
}

function familiarNames(names: readonly ImageName[], digests: readonly RepoDigest[]): FamiliarNames {
  return {
    tags: names.map(({ name }) => parseNormalized(name)).filter((name) => name.tag !== undefined),
    digests: digests.map(({ repository, digest }) => withDigest(parseNormalized(repository), digest)),
  };
}

/** What an image stands for: the index or manifest that it has a name by, else its manifest. */
export function firstTarget(images: ImageStore, image: ImageRecord): Digest {
  return images.namesOf(image.id)[0]?.target ?? images.repoDigestsOf(image.id)[0]?.digest ?? image.manifest;
}
