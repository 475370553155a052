import type { FileStat } from "../../os/linux/stat.ts";
import { getXattr } from "../../os/linux/xattr.ts";
import { OPAQUE_WHITEOUT } from "./entry-path.ts";

/** Marks a directory of an overlay's upper layer as hiding all that lower layers have in it. */
export const OPAQUE_XATTR = "trusted.overlay.opaque";

/** Whether an attribute is overlayfs's own bookkeeping and no part of the file system that a container sees. */
export function isOverlayXattr(name: string): boolean {
  return name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
}

/** Whether a node hides the lower entry of its name. */
export function isWhiteout(stat: FileStat): boolean {
  return stat.type === "character" && stat.deviceMajor === 0 && stat.deviceMinor === 0;
}

/** Whether a name is that of the file by which fuse-overlayfs marks an opaque directory beside the attribute. */
export function isOpaqueFile(name: string): boolean {
  return name === OPAQUE_WHITEOUT;
}

/** Whether a directory, open or at a trusted path, hides what lower layers have in it. */
export function isOpaque(node: { readonly fd: number } | string): boolean {
  return getXattr(node, OPAQUE_XATTR)?.toString() === "y";
}
