import { constants } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { lastErrno } from "../ffi/native.ts";
import { readEntries } from "./directory-entries.ts";
import { ERRNO } from "./errno.ts";
import { O_CLOEXEC, OwnedFd } from "./fd.ts";
import { type FilePath, showPath, toNative } from "./file-path.ts";
import { AT_REMOVEDIR, lseek, openat, renameat, unlinkat } from "./libc.ts";
import { check, isErrno, SyscallError } from "./syscall-error.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** Each level holds a descriptor; deeper directories are first moved up to the tree's top. */
const MAX_DEPTH = 128;
/** Longest stretch of work before the event loop gets its turn. */
const SLICE_MS = 4;

class Slices {
  #endsAt = performance.now() + SLICE_MS;

  async pause(): Promise<void> {
    if (performance.now() < this.#endsAt) return;
    await setImmediate();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}

/**
 * The entry `name` of the directory `parentFd` is gone with all below it; symbolic links are removed, not followed. True
 * where there was something. The event loop runs in between. After a crash a part may be left; call again.
 * Errors: SyscallError: EBUSY where something is mounted inside.
 */
export async function removeTree(parentFd: number, name: FilePath): Promise<boolean> {
  const outcome = removeEntry(parentFd, name);
  if (outcome !== "directory") return outcome === "removed";
  using top = openDirectory(parentFd, name);
  if (!top) return false;
  await emptyDirectory(top, new Slices());
  removeDirectory(parentFd, name);
  return true;
}

type Outcome = "removed" | "directory" | "missing";

function removeEntry(parentFd: number, name: FilePath): Outcome {
  if (unlinkat(parentFd, toNative(name), 0) !== -1) return "removed";
  const errno = lastErrno();
  if (errno === ERRNO.ENOENT) return "missing";
  // POSIX says EPERM and Linux says EISDIR; a file that really may not be removed is found out by opening it.
  if (errno === ERRNO.EISDIR || errno === ERRNO.EPERM) return "directory";
  throw new SyscallError("unlinkat", errno, showPath(name));
}

function removeDirectory(parentFd: number, name: FilePath): Outcome {
  if (unlinkat(parentFd, toNative(name), AT_REMOVEDIR) !== -1) return "removed";
  const errno = lastErrno();
  if (errno === ERRNO.ENOENT) return "missing";
  throw new SyscallError("unlinkat", errno, showPath(name));
}

/** The directory's descriptor; undefined where it is gone. Errors: ENOTDIR where it has become something else. */
function openDirectory(parentFd: number, name: FilePath): OwnedFd | undefined {
  const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  try {
    return new OwnedFd(check("openat", openat(parentFd, toNative(name), flags, 0), showPath(name)));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function emptyDirectory(top: OwnedFd, slices: Slices): Promise<void> {
  // What was moved up from too deep shows up as an entry of the top, so one pass may leave work for another.
  let moved = 0;
  const moveUp = (parentFd: number, name: FilePath): void => {
    const parking = `.removing-${process.pid}-${moved++}`;
    check("renameat", renameat(parentFd, toNative(name), top.fd, parking), showPath(name));
  };
  let before: number;
  do {
    before = moved;
    check("lseek", lseek(top.fd, 0, 0));
    await emptyLevel(top, 1, moveUp, slices);
  } while (moved > before);
}

async function emptyLevel(
  directory: OwnedFd,
  depth: number,
  moveUp: (parentFd: number, name: FilePath) => void,
  slices: Slices,
): Promise<void> {
  for (const { name } of readEntries(directory.fd)) {
    await slices.pause();
    if (removeEntry(directory.fd, name) !== "directory") continue;
    if (depth >= MAX_DEPTH && removeIfEmpty(directory.fd, name)) continue;
    if (depth >= MAX_DEPTH) {
      moveUp(directory.fd, name);
      continue;
    }
    using child = openDirectory(directory.fd, name);
    if (!child) continue;
    await emptyLevel(child, depth + 1, moveUp, slices);
    removeDirectory(directory.fd, name);
  }
}

function removeIfEmpty(parentFd: number, name: FilePath): boolean {
  try {
    removeDirectory(parentFd, name);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOTEMPTY", "EEXIST")) return false;
    throw error;
  }
}
