import { chainIdsOf } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { RemoteRepository } from "../../core/remotes/remote.ts";
import type { ImageConfigDocument } from "../../spec/oci-image/config.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { MAX_DOCUMENT_BYTES } from "../../spec/oci-image/document.ts";
import { type Manifest, parseManifest } from "../../spec/oci-image/manifest.ts";
import { isConfigType, isLayerType } from "../../spec/oci-image/media-types.ts";
import { type Awaited, applyLayer, type LayerToApply, settleLayer } from "./apply-layer.ts";
import { claimContent, claimSnapshot } from "./claims.ts";
import { downloadBlob } from "./download-blob.ts";
import { layerCountMismatch, noLayers } from "./errors.ts";
import { readConfig } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";
import { type Report, reportBytes } from "./progress-stream.ts";
import { recordImage } from "./record-image.ts";
import type { SelectedManifest } from "./select-manifest.ts";
import { stackLayers } from "./stack-layers.ts";
import { writeDocument } from "./write-blob.ts";

interface Transfer {
  readonly parts: ImageParts;
  readonly lease: Lease;
  readonly remote: RemoteRepository;
  readonly report: Report;
  readonly signal: AbortSignal;
}

interface PulledLayer extends LayerToApply {
  readonly descriptor: Descriptor;
}

/**
 * Stores and unpacks an image. Layers are downloaded and extracted side by side, each while it arrives; their snapshots
 * become whole from the lowest up. The record is written last.
 * Errors: invalidArgument for a hostile or broken image; what the registry says.
 */
export async function fetchImage(
  parts: ImageParts,
  lease: Lease,
  remote: RemoteRepository,
  selected: SelectedManifest,
  options: { readonly report: Report; readonly signal: AbortSignal },
): Promise<ImageRecord> {
  const transfer: Transfer = { parts, lease, remote, ...options };
  const { descriptor, bytes } = selected.manifest;
  const manifest = parseManifest(bytes, descriptor.mediaType);
  const config = await fetchConfig(transfer, manifest);
  const layers = pairLayers(manifest, config);
  for (const index of selected.indexes) {
    await writeDocument(parts, lease, index.bytes, index.descriptor.mediaType);
  }
  await writeDocument(parts, lease, bytes, descriptor.mediaType);
  await fetchLayers(transfer, layers);
  return recordImage(parts, { config, id: manifest.config.digest, manifest: descriptor, origin: "pull" });
}

async function fetchConfig(transfer: Transfer, manifest: Manifest): Promise<ImageConfigDocument> {
  const { parts, lease, remote, signal } = transfer;
  const descriptor = manifest.config;
  if (!isConfigType(descriptor.mediaType)) {
    throw invalidArgument(
      `unsupported media type ${descriptor.mediaType}: the manifest describes no image that can be run`,
    );
  }
  if (descriptor.size > MAX_DOCUMENT_BYTES) throw invalidArgument("image config is too large");
  await downloadBlob(parts, lease, remote, descriptor, { signal });
  return readConfig(parts, descriptor.digest);
}

/** Each layer with its place in the stack. Errors: invalidArgument where manifest and config disagree. */
export function pairLayers(manifest: Manifest, config: ImageConfigDocument): PulledLayer[] {
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) throw layerCountMismatch();
  const chain = chainIdsOf(diffIds);
  return manifest.layers.map((descriptor, index) => {
    if (!isLayerType(descriptor.mediaType)) throw noLayers();
    return {
      descriptor,
      digest: descriptor.digest,
      diffId: diffIds[index]!,
      chainId: chain[index]!,
      parent: chain[index - 1],
    };
  });
}

async function fetchLayers(transfer: Transfer, layers: readonly PulledLayer[]): Promise<void> {
  const { parts } = transfer;
  const missing = await announceLayers(transfer, layers);
  const wanted = layers.filter((each) => missing.has(each));
  await stackLayers(wanted, transfer.signal, (layer, below, signal) => {
    const within = { ...transfer, signal };
    const arrived = fetchLayer(within, layer);
    const there = extractLayer(within, layer, { arrived, below });
    return { there, beside: [arrived, there.then(() => settleLayer(parts, layer))] };
  });
}

/** Says of every layer whether it is there; those that are not. */
async function announceLayers(transfer: Transfer, layers: readonly PulledLayer[]): Promise<Set<PulledLayer>> {
  const missing = new Set<PulledLayer>();
  const { parts, lease, report } = transfer;
  for (const layer of layers) {
    const stored = await claimContent(parts, lease, layer.digest);
    const unpacked = await claimSnapshot(parts, lease, layer.chainId);
    const id = shortId(layer.digest);
    if (!stored || !unpacked) missing.add(layer);
    report({ status: stored && unpacked ? "Already exists" : "Pulling fs layer", id, progressDetail: {} });
  }
  return missing;
}

async function fetchLayer(transfer: Transfer, layer: PulledLayer): Promise<void> {
  const { parts, lease, remote, report, signal } = transfer;
  await downloadBlob(parts, lease, remote, layer.descriptor, { report, signal });
}

/** Whoever needs the same layer at the same place meanwhile shares the work. */
async function extractLayer(transfer: Transfer, layer: PulledLayer, awaited: Awaited): Promise<void> {
  const { parts, report, signal } = transfer;
  let own = false;
  const join = () =>
    parts.sharedExtractions.join(layer.chainId, { report, signal }, (shared, sharedSignal) => {
      own = true;
      return extract(parts, layer, awaited, shared, sharedSignal);
    });
  try {
    await join();
  } catch (error) {
    // Another pull gave up, or its registry failed, not ours.
    if (own || signal.aborted) throw error;
    await join();
  }
  await Promise.all([awaited.arrived, awaited.below]);
  report({ status: "Pull complete", id: shortId(layer.digest), progressDetail: {} });
}

async function extract(
  parts: ImageParts,
  layer: PulledLayer,
  awaited: Awaited,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  await using lease = parts.leases.create("extract");
  const progress = reportBytes(report, shortId(layer.digest), "Extracting", layer.descriptor.size);
  let hasArrived = false;
  awaited.arrived.then(
    () => {
      hasArrived = true;
    },
    () => undefined, // Told by the extraction itself.
  );
  // Until all is there, the download is what is told.
  const onProgress = (readBytes: number) => hasArrived && progress(readBytes);
  await applyLayer(parts, lease, layer, { signal, onProgress }, awaited);
  progress(layer.descriptor.size);
}
