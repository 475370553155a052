import { type ChainId, chainIdsOf, type Digest } from "../../base/digest.ts";
import { type ImageConfigDocument, parseImageConfig } from "../../spec/oci-image/config.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { parseDocument, textOf } from "../../spec/oci-image/document.ts";
import { type ImageIndex, parseIndex } from "../../spec/oci-image/index-document.ts";
import { type Manifest, parseManifest } from "../../spec/oci-image/manifest.ts";
import { isManifestType, OCI_INDEX, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import type { ImageParts } from "./parts.ts";

/** A stored manifest. Errors: notFound. */
export async function readManifest(parts: ImageParts, digest: Digest): Promise<Manifest> {
  const bytes = await parts.content.readAll(digest);
  return parseManifest(bytes, storedMediaType(bytes));
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

/** A stored manifest or index. Errors: notFound. */
export async function readTarget(parts: ImageParts, target: Digest): Promise<StoredTarget> {
  const bytes = await parts.content.readAll(target);
  const mediaType = storedMediaType(bytes);
  const descriptor = { mediaType, digest: target, size: bytes.byteLength };
  return { descriptor, index: isManifestType(mediaType) ? undefined : parseIndex(bytes, mediaType) };
}

/** The type of a document that was checked when it was stored; OCI leaves the field optional. */
function storedMediaType(bytes: Uint8Array): string {
  const document = parseDocument(bytes, "manifest");
  const mediaType = textOf(document["mediaType"], "manifest mediaType");
  return mediaType || (document["manifests"] === undefined ? OCI_MANIFEST : OCI_INDEX);
}
