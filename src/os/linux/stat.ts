import type { NativeString } from "../ffi/native.ts";
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, statx } from "./libc.ts";
import { check } from "./syscall-error.ts";

/** File types as the mode's upper bits spell them. Source: inode(7). */
export const S_IF = {
  mask: 0o170000,
  socket: 0o140000,
  symlink: 0o120000,
  file: 0o100000,
  block: 0o060000,
  directory: 0o040000,
  character: 0o020000,
  fifo: 0o010000,
} as const;

export type FileType = Exclude<keyof typeof S_IF, "mask">;

const TYPES = new Map<number, FileType>();
for (const [name, bits] of Object.entries(S_IF)) if (name !== "mask") TYPES.set(bits, name as FileType);

/** What the kernel says about a file, times in nanoseconds since the epoch. Source: statx(2). */
export interface FileStat {
  readonly type: FileType;
  /** Permission bits, set-id and sticky bits included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly inode: bigint;
  readonly sizeBytes: number;
  /** Disk space in use. */
  readonly allocatedBytes: number;
  readonly accessNs: bigint;
  readonly modifyNs: bigint;
  readonly changeNs: bigint;
  /** The file system's device number. */
  readonly device: bigint;
  /** For device files, the device they stand for. */
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

const STATX_BASIC_STATS = 0x7ff;
const AT_STATX_SYNC_AS_STAT = 0;
const STATX_BYTES = 256;
const result = new Uint8Array(STATX_BYTES);
const view = new DataView(result.buffer);

function timeAt(offset: number): bigint {
  return view.getBigInt64(offset, true) * 1_000_000_000n + BigInt(view.getUint32(offset + 8, true));
}

/** A device number as glibc's makedev(3) packs it. */
export function makeDevice(major: number, minor: number): bigint {
  const high = BigInt(major);
  const low = BigInt(minor);
  return (
    ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn)
  );
}

function statAt(fd: number, name: NativeString, flags: number, path: string | undefined): FileStat {
  check("statx", statx(fd, name, flags | AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS, result), path);
  const bits = view.getUint16(28, true);
  return {
    type: TYPES.get(bits & S_IF.mask) ?? "file",
    mode: bits & 0o7777,
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    links: view.getUint32(16, true),
    inode: view.getBigUint64(32, true),
    sizeBytes: Number(view.getBigUint64(40, true)),
    allocatedBytes: Number(view.getBigUint64(48, true)) * 512,
    accessNs: timeAt(64),
    changeNs: timeAt(96),
    modifyNs: timeAt(112),
    deviceMajor: view.getUint32(128, true),
    deviceMinor: view.getUint32(132, true),
    device: makeDevice(view.getUint32(136, true), view.getUint32(140, true)),
  };
}

/** The status of an open file (O_PATH is enough). Errors: SyscallError. */
export function statFd(fd: number, path?: string): FileStat {
  return statAt(fd, "", AT_EMPTY_PATH, path);
}

/** The status of the entry `name` of an open directory, of a symbolic link itself. Errors: SyscallError. */
export function statEntry(directoryFd: number, name: NativeString, path?: string): FileStat {
  return statAt(directoryFd, name, AT_SYMLINK_NOFOLLOW, path);
}
