import { lastErrno } from "../ffi/native.ts";
import { ERRNO } from "./errno.ts";
import {
  AT_FDCWD,
  AT_RECURSIVE,
  mount as mountCall,
  SYS,
  syscallFdPathFlagsBuffer,
  umount2,
} from "./libc.ts";
import { findMountAt, mountPointsBelow, type Propagation } from "./mountinfo.ts";
import { check, checkAsync, isErrno } from "./syscall-error.ts";

/** Flags of mount(2). Source: mount(2), <linux/mount.h>. */
export const MS = {
  rdonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  remount: 32,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  move: 8192,
  rec: 16384,
  silent: 32768,
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  relatime: 1 << 21,
  strictatime: 1 << 24,
} as const;

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

export interface MountRequest {
  /** The device, directory or label that is mounted. */
  readonly source: string;
  readonly target: string;
  /** Undefined for bind, move, remount and changes of propagation. */
  readonly fsType?: string;
  /** Bits of `MS`. */
  readonly flags?: number;
  /** The file system's own options, at most one page. */
  readonly data?: string;
}

/** Mounts on another thread. Errors: SyscallError of mount(2). */
export async function mount(request: MountRequest): Promise<void> {
  const { source, target, fsType = null, flags = 0, data = null } = request;
  await checkAsync("mount", mountCall, [source, target, fsType, flags, data], target);
}

/** As `mount`, on this thread; for file systems that live in memory only. */
export function mountSync(request: MountRequest): void {
  const { source, target, fsType = null, flags = 0, data = null } = request;
  check("mount", mountCall(source, target, fsType, flags, data), target);
}

export interface UnmountOptions {
  /** Takes the mount out of sight at once and finishes when the last user is gone (`MNT_DETACH`). */
  readonly detach?: boolean;
}

/**
 * Nothing is mounted by one call at `target` any more: the uppermost mount is gone. True where there was one, false
 * where there was none or no such path, so that clean-up may run twice. Never follows a symbolic link at the end.
 * Errors: SyscallError of umount2(2), EBUSY among them.
 */
export async function unmount(target: string, options: UnmountOptions = {}): Promise<boolean> {
  const flags = UMOUNT_NOFOLLOW | (options.detach ? MNT_DETACH : 0);
  try {
    await checkAsync("umount2", umount2, [target, flags], target);
    return true;
  } catch (error) {
    // EINVAL also means "not a mount point"; nothing else can cause it with these flags.
    if (isErrno(error, "EINVAL", "ENOENT")) return false;
    throw error;
  }
}

/** Nothing is mounted at or below `directory` any more. The path must be free of symbolic links. */
export async function unmountBelow(directory: string, options: UnmountOptions = {}): Promise<void> {
  for (const point of mountPointsBelow(directory)) await unmount(point, options);
}

/** Whether something is mounted exactly at `path`, which must be free of symbolic links. */
export function isMountPoint(path: string): boolean {
  return findMountAt(path) !== undefined;
}

const PROPAGATION_FLAG: Readonly<Record<Propagation, number>> = {
  private: MS.private,
  shared: MS.shared,
  slave: MS.slave,
  unbindable: MS.unbindable,
};

/** Sets how mount events travel between `target` and its peers; with `recursive`, for all mounts below as well. */
export function setPropagation(target: string, propagation: Propagation, recursive = false): void {
  const flags = PROPAGATION_FLAG[propagation] | (recursive ? MS.rec : 0);
  check("mount", mountCall(null, target, null, flags, null), target);
}

/** Attributes of mount_setattr(2). */
export interface MountAttributes {
  readonly readOnly?: boolean;
  readonly nosuid?: boolean;
  readonly nodev?: boolean;
  readonly noexec?: boolean;
  readonly noatime?: boolean;
  readonly propagation?: Propagation;
}

const ATTR_RDONLY = 0x1n;
const ATTR_NOSUID = 0x2n;
const ATTR_NODEV = 0x4n;
const ATTR_NOEXEC = 0x8n;
const ATTR_NOATIME = 0x10n;
const ATTR__ATIME = 0x70n;

function encodeAttributes(attributes: MountAttributes): BigUint64Array {
  let set = 0n;
  let clear = 0n;
  const apply = (wanted: boolean | undefined, bit: bigint) => {
    if (wanted === true) set |= bit;
    if (wanted === false) clear |= bit;
  };
  apply(attributes.readOnly, ATTR_RDONLY);
  apply(attributes.nosuid, ATTR_NOSUID);
  apply(attributes.nodev, ATTR_NODEV);
  apply(attributes.noexec, ATTR_NOEXEC);
  if (attributes.noatime !== undefined) {
    // The access-time bits are one field with values: it is cleared whole before a value is set.
    clear |= ATTR__ATIME;
    if (attributes.noatime) set |= ATTR_NOATIME;
  }
  const propagation = attributes.propagation ? BigInt(PROPAGATION_FLAG[attributes.propagation]) : 0n;
  return new BigUint64Array([set, clear, propagation, 0n]);
}

/**
 * Changes attributes of the mount at `target` (a path, or a descriptor with an empty path), and with `recursive` of all
 * below it in one step. Errors: SyscallError, ENOSYS before Linux 5.12.
 * Source: mount_setattr(2).
 */
export function setMountAttributes(
  target: string | { readonly fd: number },
  attributes: MountAttributes,
  recursive = false,
): void {
  const AT_EMPTY_PATH = 0x1000;
  const [fd, path] = typeof target === "string" ? [AT_FDCWD, target] : [target.fd, ""];
  const flags = (recursive ? AT_RECURSIVE : 0) | (path === "" ? AT_EMPTY_PATH : 0);
  const encoded = encodeAttributes(attributes);
  check(
    "mount_setattr",
    syscallFdPathFlagsBuffer(SYS.mount_setattr, fd, path, flags, encoded, encoded.byteLength),
    path,
  );
}

export interface BindMount extends MountAttributes {
  readonly source: string;
  readonly target: string;
  /** Whether mounts below the source come along. */
  readonly recursive?: boolean;
}

/**
 * `source` is visible at `target` with those attributes. A read-only recursive bind is read-only in all mounts below
 * where the kernel can do it (5.12), else in the uppermost only. After a crash between the steps the bind may exist
 * without its attributes. Errors: SyscallError.
 */
export async function bindMount(request: BindMount): Promise<void> {
  const recursive = request.recursive ?? false;
  await mount({
    source: request.source,
    target: request.target,
    flags: MS.bind | (recursive ? MS.rec : 0),
  });
  try {
    applyBindAttributes(request, recursive);
  } catch (error) {
    // Half a bind (writable where read-only was asked for) must not stay behind.
    await unmount(request.target, { detach: true });
    throw error;
  }
}

function applyBindAttributes(request: BindMount, recursive: boolean): void {
  const { readOnly, nosuid, nodev, noexec, noatime, propagation } = request;
  if (propagation !== undefined) setPropagation(request.target, propagation, recursive);
  if (readOnly || nosuid || nodev || noexec || noatime) {
    const encoded = encodeAttributes(request);
    encoded[2] = 0n;
    const result = syscallFdPathFlagsBuffer(
      SYS.mount_setattr,
      AT_FDCWD,
      request.target,
      recursive ? AT_RECURSIVE : 0,
      encoded,
      encoded.byteLength,
    );
    if (result === -1 && lastErrno() === ERRNO.ENOSYS) remountBind(request);
    else check("mount_setattr", result, request.target);
  }
}

function remountBind(request: BindMount): void {
  let flags = MS.bind | MS.remount;
  if (request.readOnly) flags |= MS.rdonly;
  if (request.nosuid) flags |= MS.nosuid;
  if (request.nodev) flags |= MS.nodev;
  if (request.noexec) flags |= MS.noexec;
  if (request.noatime) flags |= MS.noatime;
  check("mount", mountCall(null, request.target, null, flags, null), request.target);
}

export interface TmpfsMount {
  readonly target: string;
  readonly sizeBytes?: number;
  readonly mode?: number;
  /** Bits of `MS`. */
  readonly flags?: number;
  readonly label?: string;
}

/** A new empty tmpfs is at `target`. Errors: SyscallError of mount(2). */
export function mountTmpfs(request: TmpfsMount): void {
  const options: string[] = [];
  if (request.sizeBytes !== undefined) options.push(`size=${request.sizeBytes}`);
  if (request.mode !== undefined) options.push(`mode=${request.mode.toString(8)}`);
  mountSync({
    source: request.label ?? "tmpfs",
    target: request.target,
    fsType: "tmpfs",
    flags: request.flags ?? 0,
    data: options.join(","),
  });
}
