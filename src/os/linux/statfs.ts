import { fstatfs, statfs } from "./libc.ts";
import { check, checkAsync } from "./syscall-error.ts";

/** Magic numbers of file systems that an engine meets. Source: statfs(2), <linux/magic.h>. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, "extfs"],
  [0x9123683e, "btrfs"],
  [0x58465342, "xfs"],
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
  [0x794c7630, "overlayfs"],
  [0x2fc12fc1, "zfs"],
  [0x6969, "nfs"],
  [0x65735546, "fuse"],
  [0xf2f52010, "f2fs"],
  [0x73717368, "squashfs"],
  [0xe0f5e1e2, "erofs"],
  [0x61756673, "aufs"],
  [0xca451a4e, "bcachefs"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2"],
  [0x9fa0, "proc"],
  [0x62656572, "sysfs"],
  [0x27e0eb, "cgroup"],
  [0x63677270, "cgroup2"],
  [0x6e736673, "nsfs"],
  [0x4244, "hfs"],
  [0x01021997, "9p"],
  [0x4d44, "vfat"],
  [0x5346544e, "ntfs"],
  [0xf15f, "ecryptfs"],
  [0x52654973, "reiserfs"],
  [0x3153464a, "jfs"],
  [0x00c36400, "ceph"],
  [0x01161970, "gfs2"],
  [0x47504653, "gpfs"],
]);

export interface FilesystemStat {
  /** Name of the file system's type, `extfs` for ext2 to ext4; `unknown(0x…)` for one without a name here. */
  readonly type: string;
  readonly magic: number;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Free for processes without privilege. */
  readonly availableBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
  readonly readOnly: boolean;
}

const ST_RDONLY = 1;
const STATFS_BYTES = 120;
/** What a mount can forbid, as mount(8) writes it, by its bit in `f_flags`. Source: statfs(2). */
const RESTRICTIONS = [
  [ST_RDONLY, "ro"],
  [2, "nosuid"],
  [4, "nodev"],
  [8, "noexec"],
] as const;
/** f_type, f_bsize, five counts, f_fsid, f_namelen, f_frsize, f_flags. */
const FLAGS_WORD = 10;

export type MountRestriction = (typeof RESTRICTIONS)[number][1];

/** The file system that `target`, a path or a descriptor, lies on. Errors: SyscallError. */
export function statFilesystem(target: string | { readonly fd: number }): FilesystemStat {
  const result = new Uint8Array(STATFS_BYTES);
  if (typeof target === "string") check("statfs", statfs(target, result), target);
  else check("fstatfs", fstatfs(target.fd, result));
  const wordAt = wordsOf(result);
  const magic = new DataView(result.buffer).getUint32(0, true);
  const blockBytes = wordAt(1);
  return {
    type: NAMES.get(magic) ?? `unknown(0x${magic.toString(16)})`,
    magic,
    totalBytes: wordAt(2) * blockBytes,
    freeBytes: wordAt(3) * blockBytes,
    availableBytes: wordAt(4) * blockBytes,
    totalInodes: wordAt(5),
    freeInodes: wordAt(6),
    readOnly: (wordAt(FLAGS_WORD) & ST_RDONLY) !== 0,
  };
}

/** What the mount that `path` lies on forbids. Asked on another thread. Errors: SyscallError. */
export async function mountRestrictions(path: string): Promise<ReadonlyArray<MountRestriction>> {
  const result = new Uint8Array(STATFS_BYTES);
  await checkAsync("statfs", statfs, [path, result], path);
  const flags = wordsOf(result)(FLAGS_WORD);
  return RESTRICTIONS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}

function wordsOf(result: Uint8Array): (index: number) => number {
  const view = new DataView(result.buffer);
  return (index) => Number(view.getBigUint64(index * 8, true));
}
