import type { SnapshotChange } from "../../core/snapshots/snapshotter.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { textOf } from "../../spec/tar/mod.ts";
import { describeChange, sortChanges } from "./compare-trees.ts";
import { toFilePath } from "./entry-path.ts";
import { LowerLayers } from "./lower-layers.ts";
import { isOpaque, isOpaqueFile, isWhiteout } from "./overlay-marks.ts";
import { walkTree } from "./walk-tree.ts";

/**
 * What an overlay's upper directory changes against its lower ones (topmost first), sorted by path. Under a directory
 * that hides the lower ones everything that is there is listed, and what it hides as deleted at its upper end.
 * Source: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
 */
export function overlayChanges(upper: string, lowerDirs: readonly string[]): SnapshotChange[] {
  using lower = new LowerLayers(lowerDirs);
  using upperRoot = RootDir.open(upper);
  const changes: SnapshotChange[] = [];
  const opaque: string[] = [];
  for (const { path, name, node, stat } of walkTree(upper)) {
    if (isOpaqueFile(name)) continue;
    const isHidden = opaque.some((directory) => path.startsWith(directory));
    const before = isHidden ? undefined : lower.stat(path);
    const shown = `/${textOf(path)}`;
    if (isWhiteout(stat)) {
      // A whiteout of nothing is left where a file was made and removed again in a renamed directory.
      if (before) changes.push({ path: shown, kind: "deleted" });
      continue;
    }
    changes.push(describeChange(shown, before, stat));
    if (stat.type === "directory" && isOpaque(node)) {
      opaque.push(`${path}/`);
      for (const name of lower.list(path)) {
        const child = `${path}/${name}`;
        if (!upperRoot.statIfExists(toFilePath(child)))
          changes.push({ path: `/${textOf(child)}`, kind: "deleted" });
      }
    }
  }
  return sortChanges(changes);
}
