import * as libc from "../../os/linux/libc.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { check } from "../../os/linux/syscall-error.ts";
import { getXattr, listXattrs, setXattr } from "../../os/linux/xattr.ts";
import { byteString, bytesOf } from "../../spec/tar/mod.ts";
import { toFilePath } from "./entry-path.ts";
import { isOverlayXattr } from "./overlay-marks.ts";

/** What a directory of lower layers is like. */
export interface LowerDirectory {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** By full name; values are byte strings. */
  readonly xattrs: ReadonlyMap<string, string>;
}

/** An open directory gets owner, mode and attributes of one in lower layers. */
export function makeLike(made: RootDir, lower: LowerDirectory, path: string): void {
  check("fchownat", libc.fchownat(made.fd, "", lower.uid, lower.gid, libc.AT_EMPTY_PATH), path);
  check("chmod", libc.chmod(`/proc/self/fd/${made.fd}`, lower.mode), path);
  for (const [name, value] of lower.xattrs) setXattr(made, name, bytesOf(value));
}

/**
 * The directory that covers `path` (clean, a byte string) in the uppermost of the trees that has it; undefined where none
 * has it or it is no directory there.
 */
export function lowerDirectory(trees: readonly string[], path: string): LowerDirectory | undefined {
  for (const tree of trees) {
    using root = RootDir.open(tree);
    const at = path === "" ? "." : toFilePath(path);
    const stat = root.statIfExists(at);
    if (!stat) continue;
    if (stat.type !== "directory") return undefined;
    using directory = root.openRoot(at);
    const xattrs = new Map<string, string>();
    for (const name of listXattrs(directory)) {
      const value = isOverlayXattr(name) ? undefined : getXattr(directory, name);
      if (value) xattrs.set(name, byteString(value));
    }
    return { uid: stat.uid, gid: stat.gid, mode: stat.mode, xattrs };
  }
  return undefined;
}
