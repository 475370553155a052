import type { Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { Lease, LeasedResource } from "../../core/leases/lease-store.ts";
import type { ImageParts } from "./parts.ts";

/** What was claimed while somebody watched, given back since or not. */
export type Claimed = Pick<ReadonlySet<string>, "has">;

/**
 * Remembers every claim until disposed. A pull that begins after a sweep has looked for what is needed, and is over before
 * the sweep removes, holds no lease any more: what it claimed must stay all the same.
 */
export function watchClaims({ claimWatchers }: ImageParts): Claimed & Disposable {
  const claimed = new Set<string>();
  claimWatchers.add(claimed);
  return {
    has: (key) => claimed.has(key),
    [Symbol.dispose]: () => void claimWatchers.delete(claimed),
  };
}

function protect(parts: ImageParts, lease: Lease, resource: LeasedResource): void {
  lease.add(resource);
  for (const claimed of parts.claimWatchers) claimed.add(resource.key);
}

/**
 * Puts a blob into a lease; whether it is stored already. Afterwards nothing removes the blob while the lease lasts,
 * even if garbage collection had it on its list.
 */
export function claimContent(parts: ImageParts, lease: Lease, digest: Digest): Promise<boolean> {
  return parts.claims.run(digest, () => {
    protect(parts, lease, { kind: "content", key: digest });
    return parts.content.has(digest);
  });
}

/** Puts a layer's snapshot into a lease; whether it is there already. As `claimContent`. */
export function claimSnapshot(parts: ImageParts, lease: Lease, key: string): Promise<boolean> {
  return parts.claims.run(key, () => {
    protect(parts, lease, { kind: "snapshot", key });
    return hasSnapshot(parts, key);
  });
}

/** Whether a committed snapshot has that name. */
export async function hasSnapshot(parts: ImageParts, key: string): Promise<boolean> {
  try {
    return (await parts.snapshotter.stat(key)).kind === "committed";
  } catch (error) {
    if (isKind(error, "notFound")) return false;
    throw error;
  }
}
