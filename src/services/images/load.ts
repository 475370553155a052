import type { Digest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { OCIPlatform, ProgressMessage } from "../../spec/engine-api/mod.ts";
import { normalizePlatform } from "../../spec/oci-image/platform.ts";
import { familiarString, fullString, type NamedReference } from "../../spec/reference/reference.ts";
import { applyLayer, settleLayer } from "./apply-layer.ts";
import { readArchive } from "./archive-reader.ts";
import { type ArchivedImage, type ArchivedVariant, findArchivedImages } from "./archived-images.ts";
import { linkArchivedParents } from "./archived-parents.ts";
import { claimContent } from "./claims.ts";
import { pairLayers } from "./fetch-image.ts";
import { sweepGarbage } from "./garbage.ts";
import { readConfig } from "./image-documents.ts";
import { publishImageEvent } from "./image-events.ts";
import type { ImageParts } from "./parts.ts";
import { type Report, streamProgress } from "./progress-stream.ts";
import { recordImage } from "./record-image.ts";
import { stackLayers } from "./stack-layers.ts";
import { addVariant } from "./variants.ts";

export interface LoadOptions {
  readonly content: AsyncIterable<Uint8Array>;
  readonly quiet: boolean;
  /** Only these; empty for all that the archive holds. */
  readonly platforms: readonly OCIPlatform[];
  readonly signal: AbortSignal;
}

/**
 * Loads the images of an archive: docker's form, an OCI layout, or both in one. When the stream has ended, images are
 * stored and named, and every platform that the archive has (or that was asked for) is unpacked.
 * Errors, from the stream: invalidArgument for a broken or hostile archive.
 * Crash: images whose record was written are there; the rest is swept.
 */
export function loadImages(parts: ImageParts, options: LoadOptions): AsyncIterable<ProgressMessage> {
  return streamProgress(async (report, signal) => {
    try {
      await loadArchive(parts, options, report, signal);
    } catch (error) {
      // What a broken archive brought is of no use to anybody, and nothing else would look for it soon.
      await sweepGarbage(parts);
      throw error;
    }
  }, options.signal);
}

async function loadArchive(
  parts: ImageParts,
  options: LoadOptions,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  await using lease = parts.leases.create("load");
  const files = await readArchive(parts, lease, options.content);
  const platforms = options.platforms.map(normalizePlatform);
  const load = { parts, lease, files, platforms };
  const { images, referrers } = await findArchivedImages(load);
  if (images.length === 0 && referrers.length === 0)
    throw invalidArgument("the archive has no image that can be loaded");
  for (const image of images) {
    signal.throwIfAborted();
    const primary = await storeImage(parts, lease, image, options.quiet ? () => undefined : report, signal);
    announce(parts, image, primary, report);
  }
  for (const { subject, digest } of referrers) {
    if (await claimContent(parts, lease, subject)) parts.images.addReferrer(subject, digest);
  }
  await linkArchivedParents(load);
}

/** Stores and unpacks every platform of an image; the one that its names mean. */
async function storeImage(
  parts: ImageParts,
  lease: Lease,
  image: ArchivedImage,
  report: Report,
  signal: AbortSignal,
): Promise<ImageRecord> {
  let primary: ImageRecord | undefined;
  for (const variant of image.variants) {
    const stored = await storeVariant(parts, lease, variant, report, signal);
    primary = addVariant(parts, image.target, { image: stored, manifest: variant.descriptor.digest }).primary;
  }
  return primary!;
}

async function storeVariant(
  parts: ImageParts,
  lease: Lease,
  { manifest, descriptor }: ArchivedVariant,
  report: Report,
  signal: AbortSignal,
): Promise<ImageRecord> {
  const id = manifest.config.digest;
  const config = await readConfig(parts, id);
  const arrived = Promise.resolve();
  await stackLayers(pairLayers(manifest, config), signal, (layer, below, within) => {
    const id = shortId(layer.chainId);
    const total = layer.descriptor.size;
    const load = async () => {
      report({ status: "Loading layer", id, progressDetail: { current: 0, total } });
      await applyLayer(parts, lease, layer, { signal: within }, { arrived, below });
      await below;
      report({ status: "Loading layer", id, progressDetail: { current: total, total } });
    };
    const there = load();
    return { there, beside: [there.then(() => settleLayer(parts, layer))] };
  });
  return recordImage(parts, { config, id, manifest: descriptor, origin: "load" });
}

/** A name that means the image already keeps its time. */
function takeName(
  { images }: ImageParts,
  name: NamedReference,
  id: Digest,
  target: Digest,
  report: Report,
): void {
  const before = images.resolveName(fullString(name));
  if (before?.id === id && before.target === target) return;
  if (before && before.id !== id) {
    const old = `${familiarString(name)} already exists, renaming the old one with ID ${before.id}`;
    report({ stream: `The image ${old} to empty string\n` });
  }
  images.setName(fullString(name), id, target);
}

function announce(parts: ImageParts, image: ArchivedImage, primary: ImageRecord, report: Report): void {
  for (const name of image.names) {
    takeName(parts, name, primary.id, image.target, report);
    report({ stream: `Loaded image: ${familiarString(name)}\n` });
  }
  if (image.names.length === 0) report({ stream: `Loaded image ID: ${primary.id}\n` });
  publishImageEvent(parts, "load", primary.id, primary.id, primary);
}
