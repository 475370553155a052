import { chainIdsOf, type Digest } from "../../base/digest.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import { type ImageConfigDocument, platformOfConfig } from "../../spec/oci-image/config.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { formatPlatform } from "../../spec/oci-image/platform.ts";
import { readManifest } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";

/** An image all of whose content and snapshots are stored. */
export interface StoredImage {
  readonly config: ImageConfigDocument;
  /** Digest of the config's bytes: the image's id. */
  readonly id: Digest;
  readonly manifest: Descriptor;
  /** `pull`, `load`, `import`, `commit`, `build`. */
  readonly origin: string;
  readonly parent?: Digest | undefined;
}

/**
 * Writes the record of an image: from now on it exists, and its manifest leads to it. Comes after everything that the record points to. Of an image
 * that is known already, name times, origin and parent stay.
 */
export async function recordImage(parts: ImageParts, image: StoredImage): Promise<ImageRecord> {
  await parts.snapshotter.sync();
  const chain = chainIdsOf(image.config.rootfs.diff_ids);
  let sizeBytes = 0;
  for (const key of chain) sizeBytes += (await parts.snapshotter.usage(key)).sizeBytes;
  const { config, layers } = await readManifest(parts, image.manifest.digest);
  const blobs = new Map([image.manifest, config, ...layers].map(({ digest, size }) => [digest, size]));
  const known = parts.images.get(image.id);
  const record: ImageRecord = {
    id: image.id,
    manifest: image.manifest.digest,
    manifestMediaType: image.manifest.mediaType,
    topLayer: chain.at(-1) ?? "",
    sizeBytes,
    contentBytes: [...blobs.values()].reduce((sum, size) => sum + size, 0),
    platform: formatPlatform(platformOfConfig(image.config)),
    created: image.config.created ?? "",
    lastTaggedAtMs: known?.lastTaggedAtMs ?? 0,
    origin: known?.origin ?? image.origin,
    parent: image.parent ?? known?.parent,
    labels: image.config.config.Labels ?? {},
  };
  parts.images.put(record);
  parts.images.addVariant(record.manifest, { imageId: record.id, manifest: record.manifest });
  parts.images.markUsed(record.id, Date.now());
  return record;
}
