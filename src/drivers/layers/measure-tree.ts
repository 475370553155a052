import type { SnapshotUsage } from "../../core/snapshots/snapshotter.ts";
import { ownEntries } from "./compare-trees.ts";

/**
 * Disk space of everything below `directory`, itself left out; a file with several names counts once. What the tree
 * `parent` has likewise does not count.
 */
export function measureTree(directory: string, parent?: string): SnapshotUsage {
  const linked = new Set<bigint>();
  let sizeBytes = 0;
  let inodes = 0;
  for (const { entry } of ownEntries(directory, parent)) {
    const { stat } = entry;
    if (stat.links > 1 && stat.type !== "directory") {
      if (linked.has(stat.inode)) continue;
      linked.add(stat.inode);
    }
    sizeBytes += stat.allocatedBytes;
    inodes++;
  }
  return { sizeBytes, inodes };
}
