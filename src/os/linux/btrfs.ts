import { constants } from "node:fs";
import { basename, dirname } from "node:path";
import { type OwnedFd, openFd } from "./fd.ts";
import { ioctl } from "./ioctl.ts";
import { isErrno } from "./syscall-error.ts";

/**
 * Subvolumes of btrfs: trees that can be copied in one step (a snapshot), and whose space a quota group counts and limits.
 * All calls go to another thread. Source: <linux/btrfs.h>; btrfs-ioctl(2).
 */

const SUBVOL_CREATE_V2 = 0x50009418;
const SNAP_CREATE_V2 = 0x50009417;
const SNAP_DESTROY = 0x5000940f;
const INO_LOOKUP = 0xd0009412;
const QUOTA_CTL = 0xc0109428;
const QGROUP_CREATE = 0x4010942a;
const QGROUP_LIMIT = 0x8030942b;

const NAME_BYTES = 255;
const ARGUMENT_BYTES = 4096;
/** Where the structures of the second version have the name; the first one has it after the descriptor. */
const NAME_OFFSET_V2 = 56;
const NAME_OFFSET_V1 = 8;
const QUOTA_ENABLE = 1n;
const LIMIT_MAX_REFERENCED = 1n;
/** The inode of every subvolume's root. */
const FIRST_INODE = 256n;

/** An empty subvolume is at `path`. Errors: EEXIST, ENOTTY where the file system is not btrfs. */
export async function createSubvolume(path: string): Promise<void> {
  using parent = openDirectory(dirname(path));
  await ioctl(parent, SUBVOL_CREATE_V2, namedArgument(path, NAME_OFFSET_V2), path);
}

/** A writable copy of the subvolume `source`, which shares all its blocks, is at `path`. Errors: EEXIST. */
export async function snapshotSubvolume(source: string, path: string): Promise<void> {
  using parent = openDirectory(dirname(path));
  using subvolume = openDirectory(source);
  const argument = namedArgument(path, NAME_OFFSET_V2);
  argument.writeBigInt64LE(BigInt(subvolume.fd), 0);
  await ioctl(parent, SNAP_CREATE_V2, argument, path);
}

/** The subvolume at `path` is out of sight, with its quota group; the kernel frees its blocks in the background. Errors: ENOENT, EINVAL (no subvolume), ENOTEMPTY (it holds others). */
export async function destroySubvolume(path: string): Promise<void> {
  using parent = openDirectory(dirname(path));
  const group = await subvolumeId(path);
  await ioctl(parent, SNAP_DESTROY, namedArgument(path, NAME_OFFSET_V1), path);
  await destroyQuotaGroup(parent, group);
}

/** Space of subvolumes is counted on the file system of `directory` from now on. Idempotent. */
export async function enableSubvolumeQuotas(directory: string): Promise<void> {
  using handle = openDirectory(directory);
  const argument = Buffer.alloc(16);
  argument.writeBigUInt64LE(QUOTA_ENABLE, 0);
  await ioctl(handle, QUOTA_CTL, argument, directory);
}

/** All that can be reached from the subvolume, shared blocks included, takes at most `limitBytes`. Needs quotas. */
export async function limitSubvolume(path: string, limitBytes: number): Promise<void> {
  using handle = openDirectory(path);
  const argument = Buffer.alloc(48);
  argument.writeBigUInt64LE(await subvolumeId(path), 0);
  argument.writeBigUInt64LE(LIMIT_MAX_REFERENCED, 8);
  argument.writeBigUInt64LE(BigInt(limitBytes), 16);
  await ioctl(handle, QGROUP_LIMIT, argument, path);
}

/** The number of the subvolume that `path` lies in, which is also that of its quota group. */
async function subvolumeId(path: string): Promise<bigint> {
  using handle = openDirectory(path);
  const argument = Buffer.alloc(ARGUMENT_BYTES);
  argument.writeBigUInt64LE(FIRST_INODE, 8);
  await ioctl(handle, INO_LOOKUP, argument, path);
  return argument.readBigUInt64LE(0);
}

async function destroyQuotaGroup(handle: OwnedFd, group: bigint): Promise<void> {
  const argument = Buffer.alloc(16);
  argument.writeBigUInt64LE(group, 8);
  try {
    await ioctl(handle, QGROUP_CREATE, argument);
  } catch (error) {
    // No quotas; none for it; newer kernels remove it themselves once the subvolume's blocks are free, which it still counts.
    if (!isErrno(error, "ENOTCONN", "ENOENT", "EBUSY", "EINVAL")) throw error;
  }
}

function openDirectory(path: string): OwnedFd {
  return openFd(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

function namedArgument(path: string, offset: number): Buffer {
  const name = Buffer.from(basename(path));
  if (name.length > NAME_BYTES) throw new RangeError(`the name of ${path} is too long`);
  const argument = Buffer.alloc(ARGUMENT_BYTES);
  name.copy(argument, offset);
  return argument;
}
