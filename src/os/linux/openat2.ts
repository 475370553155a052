import { lastErrno } from "../ffi/native.ts";
import { ERRNO } from "./errno.ts";
import { O_CLOEXEC, OwnedFd } from "./fd.ts";
import { type FilePath, showPath, toNative } from "./file-path.ts";
import { SYS, syscallFdPathBuffer } from "./libc.ts";
import { SyscallError } from "./syscall-error.ts";

/** How a path may be resolved. Source: openat2(2). */
export const RESOLVE = {
  noXdev: 0x01,
  noMagiclinks: 0x02,
  noSymlinks: 0x04,
  beneath: 0x08,
  inRoot: 0x10,
} as const;

const HOW_BYTES = 24;
// The kernel gives up with EAGAIN when something was renamed while it checked a ".."; a busy tree needs some tries.
const MAX_TRIES = 1000;

const how = new Uint8Array(HOW_BYTES);
const view = new DataView(how.buffer);

/**
 * A descriptor of `path` as seen from the directory `directoryFd`, resolved under the rules of `resolve`; closed on exec.
 * Errors: SyscallError: ELOOP, EXDEV where a rule forbids the path.
 */
export function openAt2(
  directoryFd: number,
  path: FilePath,
  options: { readonly flags: number; readonly mode?: number; readonly resolve: number },
): OwnedFd {
  const native = toNative(path);
  for (let attempt = 1; ; attempt++) {
    view.setBigUint64(0, BigInt((options.flags | O_CLOEXEC) >>> 0), true);
    view.setBigUint64(8, BigInt(options.mode ?? 0), true);
    view.setBigUint64(16, BigInt(options.resolve), true);
    const fd = syscallFdPathBuffer(SYS.openat2, directoryFd, native, how, HOW_BYTES, 0);
    if (fd !== -1) return new OwnedFd(fd);
    const errno = lastErrno();
    const again = errno === ERRNO.EAGAIN || errno === ERRNO.EINTR;
    if (!again || attempt >= MAX_TRIES) throw new SyscallError("openat2", errno, showPath(path));
  }
}
