import type { Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { referredManifest } from "../../spec/oci-image/index-document.ts";
import { isIndexType, isManifestType } from "../../spec/oci-image/media-types.ts";
import { readManifest, readTarget } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";

/** Whether documents of this type name others. */
export function isDocumentType(mediaType: string): boolean {
  return isIndexType(mediaType) || isManifestType(mediaType);
}

/** What a stored document names: an index its entries, a manifest its config and layers. Empty for what cannot be read. */
async function childrenOf(parts: ImageParts, digest: Digest): Promise<readonly Descriptor[]> {
  try {
    const { index } = await readTarget(parts, digest);
    if (index) return index.manifests;
    const { config, layers } = await readManifest(parts, digest);
    return [config, ...layers];
  } catch (error) {
    // What an index lists beside images was brought by a stranger: it is kept, and leads nowhere.
    if (isKind(error, "invalidArgument")) return [];
    throw error;
  }
}

/** What was found to be needed. Documents are apart: a layer of somebody's manifest may have the digest of another manifest. */
export interface Marks {
  readonly documents: Set<Digest>;
  readonly blobs: Set<string>;
}

/**
 * Marks every one of `targets` that is stored, and what it and those below it name. Of the platforms of an index only those
 * that are targets themselves are needed, with what attests them; other entries are kept whatever they are. What refers to a
 * document is kept with it.
 */
export async function markTargets(
  parts: ImageParts,
  targets: ReadonlySet<Digest>,
  marks: Marks,
): Promise<void> {
  const mark = async (digest: Digest): Promise<void> => {
    if (marks.documents.has(digest) || !(await parts.content.has(digest))) return;
    marks.documents.add(digest);
    marks.blobs.add(digest);
    for (const child of await childrenOf(parts, digest)) {
      const isPlatform = child.platform !== undefined && isManifestType(child.mediaType);
      if (isPlatform && !targets.has(referredManifest(child))) continue;
      if (isDocumentType(child.mediaType)) await mark(child.digest);
      else marks.blobs.add(child.digest);
    }
    for (const referrer of parts.images.referrersOf(digest)) await mark(referrer);
  };
  for (const target of targets) await mark(target);
}

/**
 * Digests of a document, of all that is stored of what it names, and of what refers to these. With `only`, entries of indexes are left out that
 * are neither these manifests nor attest them.
 */
export async function storedTree(
  parts: ImageParts,
  top: Digest,
  only?: ReadonlySet<Digest>,
): Promise<Set<Digest>> {
  const found = new Set<Digest>();
  const documents = new Set<Digest>();
  const visit = async (digest: Digest, isDocument: boolean): Promise<void> => {
    if (documents.has(digest) || !(await parts.content.has(digest))) return;
    found.add(digest);
    if (!isDocument) return;
    documents.add(digest);
    for (const child of await childrenOf(parts, digest)) {
      const wanted = !only || !isManifestType(child.mediaType) || only.has(referredManifest(child));
      if (wanted) await visit(child.digest, isDocumentType(child.mediaType));
    }
    for (const referrer of parts.images.referrersOf(digest)) await visit(referrer, true);
  };
  await visit(top, true);
  return found;
}

/** Descriptors of what refers to a document or to one below it, each as its registry or archive lists it. */
export async function storedReferrers(
  parts: ImageParts,
  digests: Iterable<Digest>,
): Promise<Array<{ readonly subject: Digest; readonly descriptor: Descriptor }>> {
  const referrers = [];
  for (const subject of digests) {
    for (const digest of parts.images.referrersOf(subject)) {
      if (!(await parts.content.has(digest))) continue;
      const { descriptor, index } = await readTarget(parts, digest);
      const { artifactType, annotations } = index ?? (await readManifest(parts, digest));
      referrers.push({
        subject,
        descriptor: {
          ...descriptor,
          ...(artifactType !== undefined && { artifactType }),
          ...(annotations && { annotations }),
        },
      });
    }
  }
  return referrers;
}
