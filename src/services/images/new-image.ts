import { type ChainId, chainIdOf, type DiffId, type Digest } from "../../base/digest.ts";
import { newId } from "../../base/ids.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import { unpackLayer } from "../../drivers/layers/mod.ts";
import { encodeImageConfig, type ImageConfigDocument } from "../../spec/oci-image/config.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { encodeManifest } from "../../spec/oci-image/manifest.ts";
import { layerTypeFor, OCI_CONFIG, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import { claimSnapshot } from "./claims.ts";
import type { ImageParts } from "./parts.ts";
import { recordImage } from "./record-image.ts";
import { writeDocument, writeStream } from "./write-blob.ts";

/** A layer that was stored and unpacked here. */
export interface NewLayer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  readonly chainId: ChainId;
}

/**
 * Stores the tar of a layer (plain, gzip or zstd) and makes its snapshot on top of `parent`. Blob and snapshot are in the
 * lease. Errors: invalidArgument for a broken or hostile tar.
 */
export async function addLayer(
  parts: ImageParts,
  lease: Lease,
  tar: AsyncIterable<Uint8Array>,
  parent: ChainId | undefined,
  signal?: AbortSignal,
): Promise<NewLayer> {
  const { digest, sizeBytes } = await writeStream(parts, lease, tar);
  const { snapshotter, workers, content } = parts;
  const key = `extract-${newId()}`;
  lease.add({ kind: "snapshot", key });
  await snapshotter.prepare(key, parent);
  try {
    const target = await snapshotter.applyTarget(key);
    const source = { path: content.pathOf(digest) };
    const { diffId, compression } = await unpackLayer(workers, source, target, signal ? { signal } : {});
    const chainId = chainIdOf(parent, diffId);
    if (await claimSnapshot(parts, lease, chainId)) await snapshotter.remove(key);
    else await snapshotter.commit(chainId, key);
    return { descriptor: { mediaType: layerTypeFor(compression), digest, size: sizeBytes }, diffId, chainId };
  } catch (error) {
    await snapshotter.remove(key);
    throw error;
  }
}

/** An image made here: its config, and its layers, lowest first, as they are in the store. */
export interface NewImage {
  readonly config: ImageConfigDocument;
  readonly layers: readonly Descriptor[];
  /** `import`, `commit`, `build`. */
  readonly origin: string;
  readonly parent?: Digest | undefined;
}

/**
 * Stores config and manifest of an image whose layers are stored and unpacked, and then its record.
 * The same config makes the same image again.
 */
export async function createImage(parts: ImageParts, lease: Lease, image: NewImage): Promise<ImageRecord> {
  const config = await writeDocument(parts, lease, encodeImageConfig(image.config), OCI_CONFIG);
  const manifest = await writeDocument(
    parts,
    lease,
    encodeManifest({ config, layers: image.layers }),
    OCI_MANIFEST,
  );
  return recordImage(parts, {
    config: image.config,
    id: config.digest,
    manifest,
    origin: image.origin,
    parent: image.parent,
  });
}
