import { constants, fsync, readFile, writeFile } from "node:fs";
import { promisify } from "node:util";
import { type DirectoryEntry, readEntries } from "./directory-entries.ts";
import { ERRNO } from "./errno.ts";
import { O_CLOEXEC, O_NONBLOCK, O_PATH, OwnedFd, openFd } from "./fd.ts";
import {
  type FilePath,
  fromBytes,
  joinPath,
  pathComponents,
  showPath,
  splitPath,
  toNative,
} from "./file-path.ts";
import * as libc from "./libc.ts";
import { openAt2, RESOLVE } from "./openat2.ts";
import { removeTree } from "./remove-tree.ts";
import { type FileStat, makeDevice, S_IF, statFd } from "./stat.ts";
import { check, isErrno, SyscallError } from "./syscall-error.ts";
import { getXattr, listXattrs, removeXattr, setXattr } from "./xattr.ts";

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_RDONLY, O_TRUNC, O_WRONLY } = constants;
const UTIME_OMIT = 0x3ffffffen;
const MAX_LINK_BYTES = 4096;
/** Symbolic links that the kernel follows in one path. Source: path_resolution(7). */
const MAX_LINKS = 40;

const readFileOf = promisify(readFile) as (fd: number) => Promise<Buffer>;
const writeFileOf = promisify(writeFile) as (fd: number, bytes: Uint8Array) => Promise<void>;
const fsyncOf = promisify(fsync);

export interface NodeOptions {
  /** Whether a symbolic link at the end of the path is followed, inside the root. Default false: the link itself. */
  readonly follow?: boolean;
}

/** Times in nanoseconds since the epoch; one that is left out stays as it is. */
export interface FileTimes {
  readonly accessNs?: bigint;
  readonly modifyNs?: bigint;
}

export type DeviceType = "block" | "character" | "fifo" | "socket" | "file";

/**
 * A directory whose content nobody trusts, and everything below it. Paths are resolved as a process would see them
 * after chroot(2): absolute paths and links start at the directory, `..` does not leave it, links of /proc are refused. Each
 * operation holds descriptors instead of resolving a path twice, so links and directories that are swapped meanwhile
 * make it fail or hit another file inside, never one outside. Except where `follow` says so, a symbolic link at the end
 * of a path is meant itself. Operations run on this thread; only those that move content are asynchronous.
 * Errors of all: SyscallError with the path as given; invalidArgument for a path with a NUL.
 * Source: openat2(2), Linux 5.6.
 */
export class RootDir implements Disposable {
  readonly #root: OwnedFd;

  private constructor(root: OwnedFd) {
    this.#root = root;
  }

  /** The directory at a trusted path of the host (`/proc/PID/root` as well). */
  static open(path: string): RootDir {
    return new RootDir(openFd(path, O_PATH | O_DIRECTORY));
  }

  /** The directory `path` inside this one as a root of its own. */
  openRoot(path: FilePath): RootDir {
    return new RootDir(this.openNode(path, { follow: true }, O_DIRECTORY));
  }

  /** The root's own descriptor (O_PATH), for as long as this object lives. */
  get fd(): number {
    return this.#root.fd;
  }

  /** A descriptor (O_PATH) of whatever is at `path`; opening it has no effect on devices and FIFOs. */
  openNode(path: FilePath, options: NodeOptions = {}, flags = 0): OwnedFd {
    return this.#resolve(path, O_PATH | flags | (options.follow ? 0 : O_NOFOLLOW));
  }

  /**
   * A descriptor of the regular file or directory at `path` with flags of open(2); with O_CREAT a missing file is made with
   * `mode`. Symbolic links at the end are followed inside the root unless O_NOFOLLOW is set. Devices, FIFOs and sockets are
   * refused without being opened. Errors: EINVAL for those; ELOOP for a link where none may be followed.
   */
  open(path: FilePath, flags: number, mode = 0o666): OwnedFd {
    if (!(flags & O_EXCL)) {
      try {
        return this.#openExisting(path, flags);
      } catch (error) {
        if (!(flags & O_CREAT && isErrno(error, "ENOENT"))) throw error;
      }
    }
    using file = this.#resolve(path, flags | O_NONBLOCK | O_NOCTTY, mode);
    // Something else may have been put there since the look above; it does not block, and goes no further.
    checkOpenable(statFd(file.fd), path);
    return new OwnedFd(file.release());
  }

  /** The status of the node at `path`. */
  stat(path: FilePath, options: NodeOptions = {}): FileStat {
    using node = this.openNode(path, options);
    return statFd(node.fd, showPath(path));
  }

  /** As `stat`; undefined where there is nothing. */
  statIfExists(path: FilePath, options: NodeOptions = {}): FileStat | undefined {
    try {
      return this.stat(path, options);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
      throw error;
    }
  }

  /** The target of a symbolic link as it was written. */
  readlink(path: FilePath): FilePath {
    using node = this.openNode(path);
    const buffer = Buffer.alloc(MAX_LINK_BYTES);
    const length = check(
      "readlinkat",
      libc.readlinkat(node.fd, "", buffer, buffer.byteLength),
      showPath(path),
    );
    return fromBytes(buffer.subarray(0, length));
  }

  /** Entries of the directory at `path` without `.` and `..`, in no order. */
  list(path: FilePath): DirectoryEntry[] {
    using directory = this.#resolve(path, O_RDONLY | O_DIRECTORY);
    return readEntries(directory.fd);
  }

  /** A new directory is at `path`. Errors: EEXIST. */
  mkdir(path: FilePath, mode = 0o777): void {
    this.#inParent("mkdirat", path, (parent, name) => libc.mkdirat(parent, name, mode));
  }

  /**
   * A directory is at `path`, and missing ones above it were made with the same mode; links in the path are followed inside the
   * root, dangling ones as well. Returns the paths that were made, uppermost first. Errors: ENOTDIR.
   */
  mkdirAll(path: FilePath, mode = 0o777): FilePath[] {
    const made: FilePath[] = [];
    this.#mkdirAll(path, mode, made, 0);
    return made;
  }

  /** A symbolic link with that target, which is not looked at, is at `path`. Errors: EEXIST. */
  symlink(target: FilePath, path: FilePath): void {
    const text = toNative(target);
    this.#inParent("symlinkat", path, (parent, name) => libc.symlinkat(text, parent, name));
  }

  /** `path` is one more name of the file at `existing` (of a symbolic link itself). Errors: EEXIST, EXDEV. */
  link(existing: FilePath, path: FilePath): void {
    this.#inParent("linkat", existing, (fromParent, fromName) =>
      this.#inParent("linkat", path, (parent, name) => libc.linkat(fromParent, fromName, parent, name, 0)),
    );
  }

  /** A device file, FIFO, socket or empty file is at `path`. Errors: EEXIST, EPERM. */
  mknod(
    path: FilePath,
    type: DeviceType,
    mode: number,
    device: { major: number; minor: number } = NO_DEVICE,
  ): void {
    const number = makeDevice(device.major, device.minor);
    this.#inParent("mknodat", path, (parent, name) => libc.mknodat(parent, name, S_IF[type] | mode, number));
  }

  /** `to` names what `from` named; what was at `to` is replaced as by rename(2). */
  rename(from: FilePath, to: FilePath): void {
    this.#inParent("renameat", from, (fromParent, fromName) =>
      this.#inParent("renameat", to, (parent, name) => libc.renameat(fromParent, fromName, parent, name)),
    );
  }

  /** The name `path` of something that is no directory is gone. Errors: ENOENT, EISDIR. */
  unlink(path: FilePath): void {
    this.#inParent("unlinkat", path, (parent, name) => libc.unlinkat(parent, name, 0));
  }

  /** The empty directory at `path` is gone. Errors: ENOENT, ENOTDIR, ENOTEMPTY. */
  rmdir(path: FilePath): void {
    this.#inParent("unlinkat", path, (parent, name) => libc.unlinkat(parent, name, libc.AT_REMOVEDIR));
  }

  /** Nothing is at `path`, however deep it was. True where there was something. Lets other work run in between. */
  async removeAll(path: FilePath): Promise<boolean> {
    const { directory, name } = splitPath(path);
    let parent: OwnedFd;
    try {
      parent = this.#resolve(directory, O_PATH | O_DIRECTORY);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) return false;
      throw error;
    }
    using held = parent;
    return await removeTree(held.fd, checkedName("unlinkat", path, name));
  }

  /** Permission bits. Errors: EOPNOTSUPP for a symbolic link, which has none. */
  chmod(path: FilePath, mode: number, options: NodeOptions = {}): void {
    using node = this.openNode(path, options);
    // The link in /proc leads to the very node that is open and no further; fchmod(2) refuses O_PATH descriptors.
    check("chmod", libc.chmod(node.procPath, mode), showPath(path));
  }

  chown(path: FilePath, uid: number, gid: number, options: NodeOptions = {}): void {
    using node = this.openNode(path, options);
    check("fchownat", libc.fchownat(node.fd, "", uid, gid, libc.AT_EMPTY_PATH), showPath(path));
  }

  utimes(path: FilePath, times: FileTimes, options: NodeOptions = {}): void {
    using node = this.openNode(path, options);
    const encoded = new BigInt64Array([...encodeTime(times.accessNs), ...encodeTime(times.modifyNs)]);
    check("utimensat", libc.utimensat(libc.AT_FDCWD, node.procPath, encoded, 0), showPath(path));
  }

  getXattr(path: FilePath, name: string, options: NodeOptions = {}): Buffer | undefined {
    using node = this.openNode(path, options);
    return getXattr(node, name);
  }

  setXattr(path: FilePath, name: string, value: Uint8Array, options: NodeOptions = {}): void {
    using node = this.openNode(path, options);
    setXattr(node, name, value);
  }

  removeXattr(path: FilePath, name: string, options: NodeOptions = {}): boolean {
    using node = this.openNode(path, options);
    return removeXattr(node, name);
  }

  listXattrs(path: FilePath, options: NodeOptions = {}): string[] {
    using node = this.openNode(path, options);
    return listXattrs(node);
  }

  /** The content of the regular file at `path`; links are followed inside the root. */
  async readFile(path: FilePath): Promise<Buffer> {
    using file = this.open(path, O_RDONLY);
    return await readFileOf(file.fd);
  }

  /**
   * The regular file at `path` has exactly that content; made with `mode` where it is missing; links are followed inside the
   * root. With `sync`, the content has reached the disk. After a crash the file may be cut.
   */
  async writeFile(
    path: FilePath,
    content: Uint8Array | string,
    options: { readonly mode?: number; readonly sync?: boolean } = {},
  ): Promise<void> {
    using file = this.open(path, O_WRONLY | O_CREAT | O_TRUNC, options.mode);
    await writeFileOf(file.fd, typeof content === "string" ? Buffer.from(content) : content);
    if (options.sync) await fsyncOf(file.fd);
  }

  close(): void {
    this.#root.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #resolve(path: FilePath, flags: number, mode?: number): OwnedFd {
    const resolve = RESOLVE.inRoot | RESOLVE.noMagiclinks;
    const inside = path.length === 0 ? "." : path;
    return openAt2(this.#root.fd, inside, mode === undefined ? { flags, resolve } : { flags, mode, resolve });
  }

  #openExisting(path: FilePath, flags: number): OwnedFd {
    using node = this.openNode(path, { follow: !(flags & O_NOFOLLOW) }, flags & O_DIRECTORY);
    const { type } = statFd(node.fd, showPath(path));
    if (type === "symlink") throw new SyscallError("openat2", ERRNO.ELOOP, showPath(path));
    if (type !== "file" && type !== "directory")
      throw new SyscallError("openat2", ERRNO.EINVAL, showPath(path));
    const reopened = libc.openat(
      libc.AT_FDCWD,
      node.procPath,
      (flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW)) | O_CLOEXEC,
      0,
    );
    return new OwnedFd(check("openat", reopened, showPath(path)));
  }

  #inParent(
    syscall: string,
    path: FilePath,
    call: (parentFd: number, name: string | Uint8Array) => number,
  ): number {
    const { directory, name } = splitPath(path);
    const native = toNative(checkedName(syscall, path, name)) as string | Uint8Array;
    using parent = this.#resolve(directory, O_PATH | O_DIRECTORY);
    return check(syscall, call(parent.fd, native), showPath(path));
  }

  #isDirectory(path: FilePath): boolean {
    const found = this.statIfExists(path, { follow: true });
    if (found && found.type !== "directory") throw new SyscallError("mkdirat", ERRNO.ENOTDIR, showPath(path));
    return found !== undefined;
  }

  #mkdirAll(path: FilePath, mode: number, made: FilePath[], links: number): void {
    if (this.#isDirectory(path)) return;
    if (links > MAX_LINKS) throw new SyscallError("mkdirat", ERRNO.ELOOP, showPath(path));
    let prefix: FilePath = "";
    for (const component of pathComponents(path)) {
      const directory = prefix;
      prefix = joinPath(prefix, component);
      if (this.#isDirectory(prefix)) continue;
      try {
        this.mkdir(prefix, mode);
        made.push(prefix);
      } catch (error) {
        if (!isErrno(error, "EEXIST")) throw error;
        // Either somebody else has made it meanwhile, or it is a link to a directory that does not exist yet.
        if (!this.#isDirectory(prefix))
          this.#mkdirAll(this.#linkTarget(directory, prefix), mode, made, links + 1);
      }
    }
  }

  #linkTarget(directory: FilePath, path: FilePath): FilePath {
    const target = this.readlink(path);
    return showPath(target).startsWith("/") ? target : joinPath(directory, target);
  }
}

function checkOpenable({ type }: FileStat, path: FilePath): void {
  if (type === "symlink") throw new SyscallError("openat2", ERRNO.ELOOP, showPath(path));
  if (type !== "file" && type !== "directory")
    throw new SyscallError("openat2", ERRNO.EINVAL, showPath(path));
}

const NO_DEVICE = { major: 0, minor: 0 };

function encodeTime(timeNs: bigint | undefined): [bigint, bigint] {
  if (timeNs === undefined) return [0n, UTIME_OMIT];
  const nanoseconds = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return [(timeNs - nanoseconds) / 1_000_000_000n, nanoseconds];
}

/** A last component that names an entry of its directory, which `.`, `..` and nothing do not. */
function checkedName(syscall: string, path: FilePath, name: FilePath): FilePath {
  if (name.length === 0 || name === "." || name === "..") {
    throw new SyscallError(syscall, ERRNO.EINVAL, showPath(path));
  }
  return name;
}
