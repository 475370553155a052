import { constants, readdirSync } from "node:fs";
import { lastErrno } from "../../os/ffi/native.ts";
import { ERRNO } from "../../os/linux/errno.ts";
import { toNative } from "../../os/linux/file-path.ts";
import * as libc from "../../os/linux/libc.ts";
import { openAt2, RESOLVE } from "../../os/linux/openat2.ts";
import { check, SyscallError } from "../../os/linux/syscall-error.ts";
import { byteString, textOf } from "../../spec/tar/mod.ts";
import { toFilePath } from "./entry-path.ts";

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * The entry `name` (a byte string) of an open directory is gone with all below it. Goes by descriptors, so that a tree
 * that changes meanwhile leads nowhere else. Idempotent. Runs on this thread. Errors: SyscallError, EBUSY for a mount.
 */
export function removeEntry(directoryFd: number, name: string): void {
  const native = toNative(toFilePath(name));
  if (libc.unlinkat(directoryFd, native, 0) !== -1) return;
  const errno = lastErrno();
  if (errno === ERRNO["ENOENT"]) return;
  if (errno !== ERRNO["EISDIR"] && errno !== ERRNO["EPERM"])
    throw new SyscallError("unlinkat", errno, textOf(name));
  using directory = openAt2(directoryFd, toFilePath(name), { flags: FLAGS, resolve: RESOLVE.beneath });
  for (const child of readdirSync(directory.procPath, { encoding: "buffer" })) {
    removeEntry(directory.fd, byteString(child));
  }
  check("unlinkat", libc.unlinkat(directoryFd, native, libc.AT_REMOVEDIR), textOf(name));
}
