import type { SnapshotUsage } from "../../core/snapshots/snapshotter.ts";
import { walkTree } from "./walk-tree.ts";

/** Disk space of everything below `directory`, itself left out; a file with several names counts once. */
export function measureTree(directory: string): SnapshotUsage {
  const linked = new Set<bigint>();
  let sizeBytes = 0;
  let inodes = 0;
  for (const { stat } of walkTree(directory)) {
    if (stat.links > 1 && stat.type !== "directory") {
      if (linked.has(stat.inode)) continue;
      linked.add(stat.inode);
    }
    sizeBytes += stat.allocatedBytes;
    inodes++;
  }
  return { sizeBytes, inodes };
}
