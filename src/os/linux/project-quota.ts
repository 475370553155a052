import { randomInt } from "node:crypto";
import { constants } from "node:fs";
import { addressOf } from "../ffi/native.ts";
import { type OwnedFd, openFd } from "./fd.ts";
import { ioctl } from "./ioctl.ts";
import { SYS, syscall } from "./libc.ts";
import { checkAsync, isErrno } from "./syscall-error.ts";

/**
 * Limits on the disk space of a directory tree, by project quotas: XFS, ext4 and F2FS mounted with `prjquota`. Every file of
 * such a tree carries the tree's project id, which the kernel counts and limits.
 * Source: quotactl(2), <linux/dqblk_xfs.h>, <linux/fs.h> (struct fsxattr); quotactl_fd needs Linux 5.14.
 */

const FS_IOC_FSGETXATTR = 0x801c581f;
const FS_IOC_FSSETXATTR = 0x401c5820;
const FSXATTR_BYTES = 28;
const FLAGS_OFFSET = 0;
const PROJECT_OFFSET = 12;
const XFLAG_PROJINHERIT = 0x200;

const PRJQUOTA = 2;
const command = (number: number): number => ((("X".charCodeAt(0) << 8) + number) << 8) | PRJQUOTA;
const Q_XGETQUOTA = command(3);
const Q_XSETQLIM = command(4);
const Q_XGETQSTAT = command(5);

const STAT_BYTES = 128;
const STAT_FLAGS_OFFSET = 2;
const PDQ_ACCOUNTED = 1 << 4;
const PDQ_ENFORCED = 1 << 5;

const QUOTA_BYTES = 112;
const QUOTA_VERSION = 1;
const PROJECT_FLAG = 2;
const SOFT_BLOCKS = 1 << 2;
const HARD_BLOCKS = 1 << 3;
const BLOCK_BYTES = 512;

/** Below are ids that people give out by hand in /etc/projid. */
const MIN_PROJECT = 1 << 20;
const MAX_PROJECT = 2 ** 31 - 1;

/** Space that a tree takes and may take; a limit of 0 is none. */
export interface TreeQuota {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** Whether the file system of `directory` counts and limits the space of trees. */
export async function hasTreeQuotas(directory: string): Promise<boolean> {
  using handle = openDirectory(directory);
  const state = Buffer.alloc(STAT_BYTES);
  try {
    await quotactl(handle, Q_XGETQSTAT, 0, state);
  } catch (error) {
    // No quotas in the kernel, in the file system, or in a namespace of this user.
    if (isErrno(error, "ENOSYS", "ESRCH", "EINVAL", "EOPNOTSUPP", "ENOTBLK", "ENOTTY", "EPERM")) return false;
    throw error;
  }
  const flags = state.readUInt16LE(STAT_FLAGS_OFFSET);
  return (flags & PDQ_ACCOUNTED) !== 0 && (flags & PDQ_ENFORCED) !== 0;
}

/**
 * What is made in the empty directory from now on, and below it, takes at most `limitBytes`; a writer that wants more gets
 * ENOSPC or EDQUOT. Repeating it changes the limit. After a crash in between the directory has no limit. Errors: SyscallError.
 */
export async function limitTree(directory: string, limitBytes: number): Promise<void> {
  using handle = openDirectory(directory);
  const attributes = await readAttributes(handle);
  const known = projectOf(attributes);
  const project = known ?? (await unusedProject(handle));
  await setLimit(handle, project, limitBytes);
  if (known !== undefined) return;
  attributes.writeUInt32LE(project, PROJECT_OFFSET);
  attributes.writeUInt32LE(attributes.readUInt32LE(FLAGS_OFFSET) | XFLAG_PROJINHERIT, FLAGS_OFFSET);
  await ioctl(handle, FS_IOC_FSSETXATTR, attributes);
}

/** Nothing limits the tree any more: before its directory is removed. Idempotent. Errors: SyscallError. */
export async function releaseTree(directory: string): Promise<void> {
  using handle = openDirectory(directory);
  const project = projectOf(await readAttributes(handle));
  if (project !== undefined) await setLimit(handle, project, 0);
}

/** What `limitTree` set; undefined for a directory that it never met. Errors: SyscallError. */
export async function readTreeQuota(directory: string): Promise<TreeQuota | undefined> {
  using handle = openDirectory(directory);
  const project = projectOf(await readAttributes(handle));
  return project === undefined ? undefined : await readQuota(handle, project);
}

function openDirectory(directory: string): OwnedFd {
  return openFd(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

async function readAttributes(handle: OwnedFd): Promise<Buffer> {
  const attributes = Buffer.alloc(FSXATTR_BYTES);
  await ioctl(handle, FS_IOC_FSGETXATTR, attributes);
  return attributes;
}

/** The project that a tree was given here; ids that somebody else gave out are not ours to change. */
function projectOf(attributes: Buffer): number | undefined {
  const project = attributes.readUInt32LE(PROJECT_OFFSET);
  return project < MIN_PROJECT ? undefined : project;
}

/** Other engines use the same file system: the kernel alone knows which ids are taken. */
async function unusedProject(handle: OwnedFd): Promise<number> {
  for (;;) {
    const project = randomInt(MIN_PROJECT, MAX_PROJECT);
    const { usedBytes, limitBytes } = await readQuota(handle, project);
    if (usedBytes === 0 && limitBytes === 0) return project;
  }
}

async function readQuota(handle: OwnedFd, project: number): Promise<TreeQuota> {
  const quota = Buffer.alloc(QUOTA_BYTES);
  try {
    await quotactl(handle, Q_XGETQUOTA, project, quota);
  } catch (error) {
    // Nobody has ever had this id.
    if (isErrno(error, "ENOENT", "ESRCH")) return { usedBytes: 0, limitBytes: 0 };
    throw error;
  }
  const bytesAt = (offset: number) => Number(quota.readBigUInt64LE(offset)) * BLOCK_BYTES;
  return { limitBytes: bytesAt(8), usedBytes: bytesAt(40) };
}

async function setLimit(handle: OwnedFd, project: number, limitBytes: number): Promise<void> {
  const quota = Buffer.alloc(QUOTA_BYTES);
  const blocks = BigInt(Math.ceil(limitBytes / BLOCK_BYTES));
  quota.writeInt8(QUOTA_VERSION, 0);
  quota.writeInt8(PROJECT_FLAG, 1);
  quota.writeUInt16LE(SOFT_BLOCKS | HARD_BLOCKS, 2);
  quota.writeUInt32LE(project, 4);
  quota.writeBigUInt64LE(blocks, 8);
  quota.writeBigUInt64LE(blocks, 16);
  await quotactl(handle, Q_XSETQLIM, project, quota);
}

async function quotactl(handle: OwnedFd, request: number, id: number, data: Buffer): Promise<void> {
  await checkAsync("quotactl_fd", syscall, [SYS.quotactl_fd, handle.fd, request, id, addressOf(data), 0, 0]);
}
