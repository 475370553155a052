import { constants, fchmodSync, ftruncateSync } from "node:fs";
import { invalidArgument } from "../../base/errors.ts";
import { O_PATH } from "../../os/linux/fd.ts";
import { type FilePath, showPath, toNative } from "../../os/linux/file-path.ts";
import * as libc from "../../os/linux/libc.ts";
import { openAt2, RESOLVE } from "../../os/linux/openat2.ts";
import { check, isErrno } from "../../os/linux/syscall-error.ts";
import { setXattr } from "../../os/linux/xattr.ts";
import { bytesOf, type TarEntry, textOf } from "../../spec/tar/mod.ts";
import { quote } from "./entry-path.ts";
import { isOverlayXattr } from "./overlay-marks.ts";

const umask = process.umask();
const times = new BigInt64Array(4);

/**
 * An open, just created file (mode: that of `entry` under the umask, no set-id bits) has size, owner, mode, attributes and
 * times of `entry`. Calls whose effect is there already are left out: a layer's usual file costs one call here.
 */
export function applyFileMetadata(
  fd: number,
  entry: TarEntry,
  file: { readonly hasHoleAtEnd: boolean; readonly inheritsGroup: boolean },
): void {
  if (file.hasHoleAtEnd) ftruncateSync(fd, entry.sizeBytes);
  const isForeign = entry.uid !== 0 || entry.gid !== 0 || file.inheritsGroup;
  if (isForeign)
    check("fchownat", libc.fchownat(fd, "", entry.uid, entry.gid, libc.AT_EMPTY_PATH), textOf(entry.name));
  // After the owner: changing it clears the set-id bits.
  if ((entry.mode & ~0o777) !== 0 || (entry.mode & umask) !== 0) fchmodSync(fd, entry.mode);
  // After the owner as well: changing it removes file capabilities.
  if (entry.xattrs.size > 0) setXattrs({ fd }, entry);
  setTimes(entry);
  check("utimensat", libc.utimensat(fd, "", times, libc.AT_EMPTY_PATH), textOf(entry.name));
}

/** The entry `name` of a directory (a symbolic link itself) has owner, mode, attributes and times of `entry`. */
export function applyNodeMetadata(directoryFd: number, name: FilePath, entry: TarEntry): void {
  const native = toNative(name);
  const shown = showPath(name);
  check(
    "fchownat",
    libc.fchownat(directoryFd, native, entry.uid, entry.gid, libc.AT_SYMLINK_NOFOLLOW),
    shown,
  );
  if (entry.type !== "symlink" || entry.xattrs.size > 0) {
    // By descriptor: chmod(2) by name would follow a link that a container has put there meanwhile.
    using node = openAt2(directoryFd, name, {
      flags: O_PATH | constants.O_NOFOLLOW,
      resolve: RESOLVE.beneath,
    });
    // Symbolic links have no mode.
    if (entry.type !== "symlink") check("chmod", libc.chmod(node.procPath, entry.mode), shown);
    if (entry.xattrs.size > 0) setXattrs(node, entry);
  }
  setTimes(entry);
  check("utimensat", libc.utimensat(directoryFd, native, times, libc.AT_SYMLINK_NOFOLLOW), shown);
}

function setTimes(entry: TarEntry): void {
  const seconds = BigInt(entry.mtimeSeconds);
  const nanoseconds = BigInt(entry.mtimeNanoseconds);
  times[0] = seconds;
  times[1] = nanoseconds;
  times[2] = seconds;
  times[3] = nanoseconds;
}

/** Whether a file of that type can have the attribute: users have theirs on files and directories only. Source: xattr(7). */
export function canHave({ type }: TarEntry, name: string): boolean {
  return type === "file" || type === "directory" || !name.startsWith("user.");
}

function setXattrs(target: { readonly fd: number }, entry: TarEntry): void {
  for (const [name, value] of entry.xattrs) {
    // They would steer the overlay the layer becomes part of: redirect a directory, take a file from another place.
    if (isOverlayXattr(name) || !canHave(entry, name)) continue;
    try {
      setXattr(target, textOf(name), bytesOf(value));
    } catch (error) {
      // As docker: a file system without such attributes holds the layer without them.
      if (isErrno(error, "ENOTSUP", "EOPNOTSUPP")) continue;
      if (!isErrno(error, "EINVAL", "ERANGE", "E2BIG", "EPERM")) throw error;
      const shown = `${quote(name)} of ${quote(entry.name)}`;
      throw invalidArgument(`the extended attribute ${shown} is not valid`, { cause: error });
    }
  }
}
