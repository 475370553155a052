import { lastErrno } from "../ffi/native.ts";
import { ERRNO } from "./errno.ts";
import * as libc from "./libc.ts";
import { lgetxattr, llistxattr, lremovexattr, lsetxattr } from "./libc.ts";
import { check, SyscallError } from "./syscall-error.ts";

/**
 * Extended attributes of files. A path means the file itself, never what a symbolic link at its end points to; a
 * descriptor (O_PATH is enough) means its file. Source: xattr(7).
 */
export type XattrTarget = string | { readonly fd: number };

const FIRST_SIZE_BYTES = 1024;

interface Calls {
  readonly path: string;
  readonly get: typeof lgetxattr;
  readonly set: typeof lsetxattr;
  readonly list: typeof llistxattr;
  readonly remove: typeof lremovexattr;
}

function callsFor(target: XattrTarget): Calls {
  if (typeof target === "string") {
    return { path: target, get: lgetxattr, set: lsetxattr, list: llistxattr, remove: lremovexattr };
  }
  // The link in /proc leads to the open file itself and ends there, even if that is a symbolic link.
  return {
    path: `/proc/self/fd/${target.fd}`,
    get: libc.getxattr,
    set: libc.setxattr,
    list: libc.listxattr,
    remove: libc.removexattr,
  };
}

/** Calls with growing memory until the answer fits; undefined for the errno that means "there is none". */
function readGrowing(
  syscall: string,
  path: string,
  none: number,
  call: (buffer: Uint8Array) => number,
): Buffer | undefined {
  for (let sizeBytes = FIRST_SIZE_BYTES; ; sizeBytes *= 4) {
    const buffer = Buffer.alloc(sizeBytes);
    const length = call(buffer);
    if (length !== -1) return buffer.subarray(0, length);
    const errno = lastErrno();
    if (errno === none) return undefined;
    if (errno !== ERRNO.ERANGE) throw new SyscallError(syscall, errno, path);
  }
}

/** The value of an attribute; undefined where the file has none of that name. Errors: SyscallError. */
export function getXattr(target: XattrTarget, name: string): Buffer | undefined {
  const { path, get } = callsFor(target);
  return readGrowing("getxattr", path, ERRNO.ENODATA, (buffer) => get(path, name, buffer, buffer.byteLength));
}

/** The attribute has that value, new or replaced. Errors: SyscallError (ENOTSUP, EPERM). */
export function setXattr(target: XattrTarget, name: string, value: Uint8Array): void {
  const { path, set } = callsFor(target);
  check("setxattr", set(path, name, value, value.byteLength, 0), path);
}

/** The file has no such attribute any more. True where it had one. Errors: SyscallError. */
export function removeXattr(target: XattrTarget, name: string): boolean {
  const { path, remove } = callsFor(target);
  if (remove(path, name) !== -1) return true;
  const errno = lastErrno();
  if (errno === ERRNO.ENODATA) return false;
  throw new SyscallError("removexattr", errno, path);
}

/** Names of the file's attributes; none on a file system that knows no attributes. Errors: SyscallError. */
export function listXattrs(target: XattrTarget): string[] {
  const { path, list } = callsFor(target);
  const names = readGrowing("listxattr", path, ERRNO.EOPNOTSUPP, (buffer) =>
    list(path, buffer, buffer.byteLength),
  );
  return names === undefined
    ? []
    : names
        .toString("utf8")
        .split("\0")
        .filter((name) => name !== "");
}
