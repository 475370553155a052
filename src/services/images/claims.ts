import type { Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { ImageParts } from "./parts.ts";

/**
 * Puts a blob into a lease; whether it is stored already. Afterwards nothing removes the blob while the lease lasts,
 * even if garbage collection had it on its list.
 */
export function claimContent(parts: ImageParts, lease: Lease, digest: Digest): Promise<boolean> {
  return parts.claims.run(digest, () => {
    lease.add({ kind: "content", key: digest });
    return parts.content.has(digest);
  });
}

/** Puts a layer's snapshot into a lease; whether it is there already. As `claimContent`. */
export function claimSnapshot(parts: ImageParts, lease: Lease, key: string): Promise<boolean> {
  return parts.claims.run(key, () => {
    lease.add({ kind: "snapshot", key });
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
