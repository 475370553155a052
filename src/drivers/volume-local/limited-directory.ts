import { chmod, mkdir, rmdir } from "node:fs/promises";
import {
  createSubvolume,
  destroySubvolume,
  enableSubvolumeQuotas,
  limitSubvolume,
} from "../../os/linux/btrfs.ts";
import { hasTreeQuotas, limitTree } from "../../os/linux/project-quota.ts";
import { statFilesystem } from "../../os/linux/statfs.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

const MODE = 0o755;

/**
 * The directory `path` is there, empty, and takes at most `limitBytes`; a writer that wants more gets ENOSPC or EDQUOT. After a
 * crash or an error in between it may be there without a limit; repeating it mends that. Errors: SyscallError.
 */
export type MakeLimited = (path: string, limitBytes: number) => Promise<void>;

/**
 * The way in which space is limited on the file system of `root`, which counts it from now on; undefined where it cannot.
 * Source: docs/decisions/0013.
 */
export async function findMakeLimited(root: string): Promise<MakeLimited | undefined> {
  if (statFilesystem(root).type !== "btrfs") return (await hasTreeQuotas(root)) ? makeTree : undefined;
  try {
    await enableSubvolumeQuotas(root);
  } catch (error) {
    // A user namespace, or an account without the right to.
    if (isErrno(error, "EPERM", "EROFS", "ENOTTY", "EOPNOTSUPP")) return undefined;
    throw error;
  }
  return makeSubvolume;
}

/** A directory with a limit of btrfs is gone with all that is in it, and with the limit; any other stays. Idempotent. */
export async function removeSubvolume(path: string): Promise<void> {
  try {
    if (statFilesystem(path).type === "btrfs") await destroySubvolume(path);
  } catch (error) {
    // Gone already; a plain directory; or somebody has made subvolumes in it, which go with its files.
    if (!isErrno(error, "ENOENT", "EINVAL", "ENOTEMPTY")) throw error;
  }
}

async function makeTree(path: string, limitBytes: number): Promise<void> {
  await mkdir(path, { recursive: true, mode: MODE });
  await limitTree(path, limitBytes);
}

async function makeSubvolume(path: string, limitBytes: number): Promise<void> {
  try {
    await createSubvolume(path);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    await rmdir(path);
    await createSubvolume(path);
  }
  await chmod(path, MODE);
  await limitSubvolume(path, limitBytes);
}
