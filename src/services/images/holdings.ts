import type { Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import { readChain } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";
import { storedTree } from "./stored-tree.ts";

/**
 * What images keep on disk: bytes of each layer and blob. A layer that came unpacked has the same digest packed, so keys say
 * which of the two is meant.
 */
export type Holdings = ReadonlyMap<string, number>;

/** Everything that some images hold, each thing once. */
export async function holdingsOf(parts: ImageParts, images: readonly ImageRecord[]): Promise<Holdings> {
  const held = new Map<string, number>();
  const targets = new Set<Digest>();
  for (const image of images) {
    for (const chainId of await readChain(parts, image.id)) {
      const key = `layer ${chainId}`;
      if (!held.has(key)) held.set(key, (await parts.snapshotter.usage(chainId)).sizeBytes);
    }
    for (const target of [image.manifest, ...parts.images.targetsOf(image.id)]) targets.add(target);
  }
  for (const target of targets) {
    for (const digest of await storedTree(parts, target)) {
      const key = `blob ${digest}`;
      if (!held.has(key)) held.set(key, await blobBytes(parts, digest));
    }
  }
  return held;
}

async function blobBytes(parts: ImageParts, digest: Digest): Promise<number> {
  try {
    return (await parts.content.info(digest)).sizeBytes;
  } catch (error) {
    if (isKind(error, "notFound")) return 0; // Swept meanwhile.
    throw error;
  }
}

/** Bytes of all that is held, or of those things that `counts`. */
export function sumOf(held: Holdings, counts: (key: string) => boolean = () => true): number {
  let bytes = 0;
  for (const [key, size] of held) if (counts(key)) bytes += size;
  return bytes;
}

/** Bytes of everything in the store: blobs, unfinished downloads, and layers, but not what containers wrote. */
export async function storeBytes(parts: ImageParts): Promise<number> {
  let bytes = 0;
  for await (const { sizeBytes } of parts.content.walk()) bytes += sizeBytes;
  for (const { offsetBytes } of await parts.content.listIngests()) bytes += offsetBytes;
  for await (const { key, kind } of parts.snapshotter.walk()) {
    if (kind === "committed") bytes += (await parts.snapshotter.usage(key)).sizeBytes;
  }
  return bytes;
}
