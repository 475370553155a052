import { RootDir } from "../../os/linux/root-dir.ts";
import { toFilePath } from "./entry-path.ts";
import { LowerLayers } from "./lower-layers.ts";
import { OPAQUE_XATTR } from "./overlay-marks.ts";

/**
 * Nothing of the layers below, `parents`, topmost first, is seen through the upper directory `directory` of an overlay. An
 * overlay takes no mark on its root: each name there is hidden by itself. Idempotent.
 */
export function hideLowerRoot(directory: string, parents: readonly string[]): void {
  using root = RootDir.open(directory);
  using lower = new LowerLayers(parents);
  for (const name of lower.list("").map(toFilePath)) {
    const own = root.statIfExists(name);
    if (!own) root.mknod(name, "character", 0);
    else if (own.type === "directory") root.setXattr(name, OPAQUE_XATTR, Buffer.from("y"));
  }
}
