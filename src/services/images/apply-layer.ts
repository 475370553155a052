import type { ChainId, DiffId, Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { IngestFollower } from "../../core/content/content-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import { type LayerSource, type UnpackOptions, unpackLayer } from "../../drivers/layers/mod.ts";
import { claimSnapshot } from "./claims.ts";
import { ingestRef } from "./download-blob.ts";
import { wrongDiffId } from "./errors.ts";
import type { ImageParts } from "./parts.ts";

/** A layer and where it belongs. */
export interface LayerToApply {
  readonly digest: Digest;
  readonly diffId: DiffId;
  /** Name that the snapshot will have. */
  readonly chainId: ChainId;
  readonly parent: ChainId | undefined;
}

/** What a layer may have to wait for. */
export interface Awaited {
  /** The layer's blob is stored. */
  readonly arrived: Promise<void>;
  /** The parent's snapshot is there. */
  readonly below: Promise<void>;
}

/** Nothing: blob and parent are there. */
const AT_HAND: Awaited = { arrived: Promise.resolve(), below: Promise.resolve() };

/**
 * Makes the snapshot of a layer from its blob, while that arrives where it is still on its way, and before the layers
 * below it are there where the storage driver can. Afterwards the blob and the committed snapshot `chainId` are there, the
 * snapshot is in the lease; one that was there before is used. A layer that does not have the announced digests leaves
 * nothing behind.
 * Errors: invalidArgument for a broken or wrong layer; what `awaited` throws.
 * Crash: the half-made snapshot is in no record and is swept.
 */
export async function applyLayer(
  parts: ImageParts,
  lease: Lease,
  layer: LayerToApply,
  options: UnpackOptions = {},
  awaited: Awaited = AT_HAND,
): Promise<void> {
  if (await claimSnapshot(parts, lease, layer.chainId)) return;
  using follower = parts.content.follow(ingestRef(layer.digest));
  try {
    await makeSnapshot(parts, lease, layer, options, awaited, follower);
  } catch (error) {
    // What is wrong with the blob is the cause of whatever its bytes led to.
    await awaited.arrived;
    if (!follower.misled) throw error;
    // The bytes that were followed were left over from an earlier try, and wrong; those that are stored now are right.
    await makeSnapshot(parts, lease, layer, options, awaited, undefined);
  }
}

/** Measures a layer and brings it to disk, beside the work on others: the image's record wants both of all. */
export async function settleLayer({ snapshotter }: ImageParts, { chainId }: LayerToApply): Promise<void> {
  await Promise.all([snapshotter.usage(chainId), snapshotter.sync()]);
}

async function makeSnapshot(
  parts: ImageParts,
  lease: Lease,
  layer: LayerToApply,
  options: UnpackOptions,
  { arrived, below }: Awaited,
  follower: IngestFollower | undefined,
): Promise<void> {
  const { snapshotter } = parts;
  const { parent } = layer;
  const key = `extract-${newId()}`;
  lease.add({ kind: "snapshot", key });
  const standsAlone = snapshotter.rebase !== undefined;
  if (!standsAlone) await below;
  await snapshotter.prepare(key, standsAlone ? undefined : parent);
  try {
    const target = await snapshotter.applyTarget(key);
    const source = await openSource(parts, layer.digest, arrived, follower);
    const { diffId, implied } = await unpackLayer(parts.unpackers, source, target, options);
    await arrived;
    if (diffId !== layer.diffId) throw wrongDiffId(layer.digest);
    await below;
    if (standsAlone && parent !== undefined) await snapshotter.rebase!(key, parent, implied);
    await snapshotter.commit(layer.chainId, key);
  } catch (error) {
    await snapshotter.remove(key);
    // Another image with the same layer was faster.
    if (!isKind(error, "alreadyExists")) throw error;
  }
}

/** The blob where it is stored, else the write that brings it, once that has begun. */
async function openSource(
  { content }: ImageParts,
  digest: Digest,
  arrived: Promise<void>,
  follower: IngestFollower | undefined,
): Promise<LayerSource> {
  const stored = arrived.then(() => ({ path: content.pathOf(digest) }));
  if (!follower) return stored;
  const followed = follower.opened.then((fd) => ({ fd, growth: follower.growth }));
  return Promise.race([stored, followed]);
}
