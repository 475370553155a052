import { type ChainId, chainIdsOf, type Digest } from "../../base/digest.ts";
import { notFound } from "../../base/errors.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import { type ImageConfigDocument, parseImageConfig } from "../../spec/oci-image/config.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { type ImageIndex, parseIndex } from "../../spec/oci-image/index-document.ts";
import { type Manifest, parseManifest } from "../../spec/oci-image/manifest.ts";
import { isManifestType, OCI_INDEX } from "../../spec/oci-image/media-types.ts";
import type { ImageParts } from "./parts.ts";

/** The stored manifest of an image. */
export async function readManifest(parts: ImageParts, image: ImageRecord): Promise<Manifest> {
  return parseManifest(await parts.content.readAll(image.manifest), image.manifestMediaType);
}

/** The stored config of an image. */
export async function readConfig(parts: ImageParts, id: Digest): Promise<ImageConfigDocument> {
  return parseImageConfig(await parts.content.readAll(id));
}

/** Names of an image's layer snapshots, lowest first. */
export async function readChain(parts: ImageParts, id: Digest): Promise<ChainId[]> {
  return chainIdsOf((await readConfig(parts, id)).rootfs.diff_ids);
}

export interface StoredTarget {
  readonly descriptor: Descriptor;
  /** Set where the target is an index. */
  readonly index: ImageIndex | undefined;
}

/** What a name of `image` points to: its manifest, or the index that the manifest was chosen from. Errors: notFound. */
export async function readTarget(
  parts: ImageParts,
  image: ImageRecord,
  target: Digest,
): Promise<StoredTarget> {
  if (target === image.manifest) {
    const { sizeBytes } = await parts.content.info(target);
    return {
      descriptor: { mediaType: image.manifestMediaType, digest: target, size: sizeBytes },
      index: undefined,
    };
  }
  const bytes = await parts.content.readAll(target);
  const mediaType = storedMediaType(bytes);
  const descriptor = { mediaType, digest: target, size: bytes.byteLength };
  return { descriptor, index: isManifestType(mediaType) ? undefined : parseIndex(bytes, mediaType) };
}

/** The type of a document that was checked when it was stored; OCI leaves the field optional. */
function storedMediaType(bytes: Uint8Array): string {
  const document = JSON.parse(Buffer.from(bytes).toString("utf8")) as {
    mediaType?: string;
    manifests?: unknown;
  };
  if (document.mediaType) return document.mediaType;
  if (document.manifests === undefined) throw notFound("the document is not an image index");
  return OCI_INDEX;
}
