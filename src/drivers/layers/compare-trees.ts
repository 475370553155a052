import type { SnapshotChange } from "../../core/snapshots/snapshotter.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import type { FileStat } from "../../os/linux/stat.ts";
import { getXattr, listXattrs } from "../../os/linux/xattr.ts";
import { textOf } from "../../spec/tar/mod.ts";
import { toFilePath } from "./entry-path.ts";
import { type TreeEntry, walkTree } from "./walk-tree.ts";

/**
 * How the tree `directory` differs from `parent` (undefined for an empty one), sorted by path. Times and sizes tell of
 * changed contents, as everywhere in docker. Below something deleted or added, deletions are not listed one by one.
 */
export function compareTrees(directory: string, parent: string | undefined): SnapshotChange[] {
  const changes: SnapshotChange[] = [];
  for (const { entry, before } of ownEntries(directory, parent)) {
    changes.push(describeChange(`/${textOf(entry.path)}`, before, entry.stat));
  }
  if (parent !== undefined) changes.push(...deletions(directory, parent));
  return sortChanges(changes);
}

/** The change that leads from `before` (undefined for nothing) to `after`. */
export function describeChange(path: string, before: FileStat | undefined, after: FileStat): SnapshotChange {
  if (!before) return { path, kind: "added" };
  return { path, kind: "modified", ...(ownerOrModeDiffers(before, after) && { hasOtherOwnerOrMode: true }) };
}

/** What the tree `directory` has that `parent` (undefined for an empty one) does not have, or has otherwise. */
export function* ownEntries(
  directory: string,
  parent: string | undefined,
): Generator<{ readonly entry: TreeEntry; readonly before: FileStat | undefined }> {
  using lower = parent === undefined ? undefined : RootDir.open(parent);
  for (const entry of walkTree(directory)) {
    const { path, node, stat } = entry;
    const before = lower?.statIfExists(toFilePath(path));
    if (!before || differs(before, stat) || attributesDiffer(lower!, path, node)) yield { entry, before };
  }
}

function* deletions(directory: string, parent: string): Generator<SnapshotChange> {
  using upper = RootDir.open(directory);
  let gone: string | undefined;
  for (const { path } of walkTree(parent)) {
    if (gone !== undefined && path.startsWith(gone)) continue;
    if (upper.statIfExists(toFilePath(path))) continue;
    gone = `${path}/`;
    yield { path: `/${textOf(path)}`, kind: "deleted" };
  }
}

function ownerOrModeDiffers(before: FileStat, after: FileStat): boolean {
  if (before.type !== after.type || before.mode !== after.mode) return true;
  return before.uid !== after.uid || before.gid !== after.gid;
}

function differs(before: FileStat, after: FileStat): boolean {
  if (ownerOrModeDiffers(before, after)) return true;
  if (before.deviceMajor !== after.deviceMajor || before.deviceMinor !== after.deviceMinor) return true;
  // A directory's size depends on the file system; its time tells that entries came or went, which docker shows too.
  if (after.type === "directory") return before.modifyNs !== after.modifyNs;
  return before.sizeBytes !== after.sizeBytes || before.modifyNs !== after.modifyNs;
}

function attributesDiffer(lower: RootDir, path: string, node: { readonly fd: number }): boolean {
  using before = lower.openNode(toFilePath(path));
  const names = listXattrs(node).sort();
  if (names.join("\0") !== listXattrs(before).sort().join("\0")) return true;
  return names.some((name) => !(getXattr(node, name) ?? EMPTY).equals(getXattr(before, name) ?? EMPTY));
}

const EMPTY = Buffer.alloc(0);

/** Changes in the order of their paths. */
export function sortChanges(changes: readonly SnapshotChange[]): SnapshotChange[] {
  return [...changes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
