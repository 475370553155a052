import { closeSync, constants, mkdirSync, openSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { lastErrno } from "../ffi/native.ts";
import { ERRNO } from "./errno.ts";
import { type OwnedFd, openFd } from "./fd.ts";
import { setns, umount2, unshare } from "./libc.ts";
import { MS, mountSync } from "./mount.ts";
import { check, isErrno, SyscallError } from "./syscall-error.ts";

/** Flags of clone(2) that name a kind of namespace; also what setns(2) takes. */
const CLONE_NEW = {
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
} as const;

// "self" would be the main thread's, whichever thread asks.
const OWN_NETWORK_NAMESPACE = "/proc/thread-self/ns/net";
const MNT_DETACH = 2;

/** Runs `work`, then puts this thread back into the network namespace it came from, whatever happened. */
function returningHome<T>(work: () => T): T {
  using home = openFd(OWN_NETWORK_NAMESPACE, constants.O_RDONLY);
  try {
    return work();
  } finally {
    // A thread that cannot go home would run the rest of the process in the wrong network: nothing may follow.
    check("setns", setns(home.fd, CLONE_NEW.network), OWN_NETWORK_NAMESPACE);
  }
}

/**
 * A new network namespace exists and the file `path` keeps it alive; loopback in it is still down. The directory is made
 * where it is missing. This thread is back in its own namespace on return, on errors too. About 1 ms.
 * After a crash the file may exist with or without a namespace; `deleteNetworkNamespace` clears both.
 * Errors: SyscallError, EEXIST where `path` exists.
 */
export function createNetworkNamespace(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  closeSync(openSync(path, "wx", 0o444));
  try {
    returningHome(() => {
      check("unshare", unshare(CLONE_NEW.network));
      mountSync({ source: OWN_NETWORK_NAMESPACE, target: path, flags: MS.bind });
    });
  } catch (error) {
    deleteNetworkNamespace(path);
    throw error;
  }
}

/**
 * Nothing keeps the namespace through `path` any more, and the file is gone; the kernel removes the namespace with its
 * last process and socket. Idempotent. Errors: SyscallError.
 */
export function deleteNetworkNamespace(path: string): void {
  if (umount2(path, MNT_DETACH) === -1) {
    const errno = lastErrno();
    if (errno === ERRNO.ENOENT) return;
    // EINVAL: a crash came between making the file and the mount on it.
    if (errno !== ERRNO.EINVAL) throw new SyscallError("umount2", errno, path);
  }
  try {
    unlinkSync(path);
  } catch (error) {
    // A second deleter was faster; the result is the same.
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/**
 * Runs `work` with this thread inside the network namespace of that file or descriptor and comes back, on errors too.
 * Sockets made inside stay in that namespace for life. `work` must be synchronous and must not start asynchronous
 * work: a pool thread born meanwhile would inherit the namespace for good.
 * Errors: SyscallError, and whatever `work` throws.
 */
export function withNetworkNamespace<T>(namespace: string | number, work: () => T): T {
  if (typeof namespace === "number") return returningHome(() => runInside(namespace, work));
  using opened: OwnedFd = openFd(namespace, constants.O_RDONLY);
  return returningHome(() => runInside(opened.fd, work));
}

function runInside<T>(fd: number, work: () => T): T {
  check("setns", setns(fd, CLONE_NEW.network));
  const result = work();
  if (result instanceof Promise) throw new TypeError("work inside a namespace must be synchronous");
  return result;
}
