import type { Digest } from "../../base/digest.ts";
import { isKind } from "../../base/errors.ts";
import type { LeasedResource } from "../../core/leases/lease-store.ts";
import type { SnapshotInfo } from "../../core/snapshots/snapshotter.ts";
import { type Claimed, hasSnapshot, watchClaims } from "./claims.ts";
import type { ImageParts } from "./parts.ts";
import { markTargets } from "./stored-tree.ts";

/** What a sweep took away. */
export interface Swept {
  readonly blobs: readonly Digest[];
  /** Snapshots, topmost first. */
  readonly snapshots: readonly string[];
  /** Space of both. */
  readonly freedBytes: number;
}

interface Reached {
  readonly blobs: ReadonlySet<string>;
  readonly snapshots: ReadonlySet<string>;
}

/**
 * Removes blobs, unfinished writes and snapshots that no image, container or lease needs. Idempotent; safe beside pulls,
 * loads and builds, which lease what they use before they look for it.
 * Crash: what was not removed yet is removed by the next sweep.
 */
export async function sweepGarbage(parts: ImageParts): Promise<Swept> {
  using claimed = watchClaims(parts);
  const snapshots = await allSnapshots(parts);
  const blobs = [];
  for await (const blob of parts.content.walk()) blobs.push(blob);
  // Candidates first, roots second: what appears in between is in the roots and not among the candidates.
  const reached = await markReached(parts, snapshots);
  const removedSnapshots = await sweepSnapshots(parts, claimed, snapshots, reached);
  const removedBlobs: Digest[] = [];
  let freedBytes = removedSnapshots.freedBytes;
  for (const blob of blobs) {
    if (reached.blobs.has(blob.digest) || !(await removeBlob(parts, claimed, blob.digest))) continue;
    removedBlobs.push(blob.digest);
    freedBytes += blob.sizeBytes;
  }
  parts.images.dropReferrers((subject) => reached.blobs.has(subject) || claimed.has(subject));
  await sweepIngests(parts);
  return { blobs: removedBlobs, snapshots: removedSnapshots.keys, freedBytes };
}

async function allSnapshots(parts: ImageParts): Promise<SnapshotInfo[]> {
  const snapshots: SnapshotInfo[] = [];
  for await (const snapshot of parts.snapshotter.walk()) snapshots.push(snapshot);
  return snapshots;
}

async function markReached(parts: ImageParts, snapshots: readonly SnapshotInfo[]): Promise<Reached> {
  const blobs = new Set<string>();
  const tops = new Set<string>();
  const targets = new Set<Digest>();
  for (const { kind, key } of parts.leases.resources()) {
    if (kind === "content") blobs.add(key);
    if (kind === "snapshot") tops.add(key);
  }
  for (const user of parts.users.list()) tops.add(user.snapshot);
  for (const image of parts.images.list()) {
    if (image.topLayer !== "") tops.add(image.topLayer);
    blobs.add(image.id);
    for (const target of [image.manifest, ...parts.images.targetsOf(image.id)]) targets.add(target);
  }
  await markTargets(parts, targets, { documents: new Set(), blobs });
  return { blobs, snapshots: withParents(tops, snapshots) };
}

function withParents(tops: ReadonlySet<string>, snapshots: readonly SnapshotInfo[]): Set<string> {
  const parents = new Map(snapshots.map(({ key, parent }) => [key, parent]));
  const reached = new Set<string>();
  for (const top of tops) {
    for (let key: string | undefined = top; key !== undefined && !reached.has(key); key = parents.get(key)) {
      reached.add(key);
    }
  }
  return reached;
}

async function sweepSnapshots(
  parts: ImageParts,
  claimed: Claimed,
  all: readonly SnapshotInfo[],
  reached: Reached,
) {
  const left = new Map(all.filter(({ key }) => !reached.snapshots.has(key)).map((info) => [info.key, info]));
  const keys: string[] = [];
  let freedBytes = 0;
  // Children before parents: a snapshot can go once nothing that is left stands on it.
  for (let progress = true; progress && left.size > 0; ) {
    progress = false;
    const parents = new Set([...left.values()].map(({ parent }) => parent));
    for (const key of [...left.keys()].filter((candidate) => !parents.has(candidate))) {
      left.delete(key);
      const sizeBytes = await removeSnapshot(parts, claimed, key);
      if (sizeBytes === undefined) continue;
      progress = true;
      keys.push(key);
      freedBytes += sizeBytes;
    }
  }
  return { keys, freedBytes };
}

function isLeased(parts: ImageParts, kind: LeasedResource["kind"], key: string): boolean {
  return parts.leases.resources().some((resource) => resource.kind === kind && resource.key === key);
}

/** Space that was freed; undefined where somebody took the snapshot meanwhile. */
function removeSnapshot(parts: ImageParts, claimed: Claimed, key: string): Promise<number | undefined> {
  return parts.claims.run(key, async () => {
    const used = parts.users.list().some(({ snapshot }) => snapshot === key);
    if (used || claimed.has(key) || isLeased(parts, "snapshot", key)) return undefined;
    const committed = await hasSnapshot(parts, key);
    const { sizeBytes } = committed ? await parts.snapshotter.usage(key) : { sizeBytes: 0 };
    try {
      await parts.snapshotter.remove(key);
    } catch (error) {
      if (isKind(error, "conflict")) return undefined; // A new child stands on it.
      throw error;
    }
    return sizeBytes;
  });
}

function removeBlob(parts: ImageParts, claimed: Claimed, digest: Digest): Promise<boolean> {
  return parts.claims.run(digest, async () => {
    if (claimed.has(digest) || isLeased(parts, "content", digest)) return false;
    await parts.content.delete(digest);
    return true;
  });
}

/** Unfinished writes are kept for a while: the next pull of the same layer goes on with them. */
const KEPT_INGEST_MS = 24 * 60 * 60_000;

async function sweepIngests(parts: ImageParts): Promise<void> {
  const nowMs = Date.now();
  for (const { ref, startedAtMs } of await parts.content.listIngests()) {
    const resumable = ref.startsWith("blob-") && nowMs - startedAtMs < KEPT_INGEST_MS;
    if (resumable || isLeased(parts, "ingest", ref)) continue;
    try {
      await parts.content.abortIngest(ref);
    } catch (error) {
      if (!isKind(error, "unavailable")) throw error; // A writer has just taken it up again.
    }
  }
}
