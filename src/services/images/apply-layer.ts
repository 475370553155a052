import type { ChainId, DiffId, Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import { unpackLayer } from "../../drivers/layers/mod.ts";
import { claimSnapshot } from "./claims.ts";
import { wrongDiffId } from "./errors.ts";
import type { ImageParts } from "./parts.ts";

/** A stored layer and where it belongs. */
export interface LayerToApply {
  readonly digest: Digest;
  readonly diffId: DiffId;
  /** Name that the snapshot will have. */
  readonly chainId: ChainId;
  readonly parent: ChainId | undefined;
}

/**
 * Makes the snapshot of a layer from its blob. Afterwards the committed snapshot `chainId` is there and in the lease;
 * one that was there before is used. A layer that does not have the announced diffId leaves nothing behind.
 * Errors: invalidArgument for a broken or wrong layer. Crash: the half-made snapshot is in no record and is swept.
 */
export async function applyLayer(
  parts: ImageParts,
  lease: Lease,
  layer: LayerToApply,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  if (await claimSnapshot(parts, lease, layer.chainId)) return;
  const { snapshotter, content, workers } = parts;
  const key = `extract-${newId()}`;
  lease.add({ kind: "snapshot", key });
  await snapshotter.prepare(key, layer.parent);
  try {
    const target = await snapshotter.applyTarget(key);
    const { diffId } = await unpackLayer(workers, { path: content.pathOf(layer.digest) }, target, options);
    if (diffId !== layer.diffId) throw wrongDiffId(layer.digest);
    await snapshotter.commit(layer.chainId, key);
  } catch (error) {
    await snapshotter.remove(key);
    // Another image with the same layer was faster.
    if (!isKind(error, "alreadyExists")) throw error;
  }
}
