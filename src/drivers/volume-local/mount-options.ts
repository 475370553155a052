import { MS } from "../../os/linux/mount.ts";

const SYNCHRONOUS = 16;
const MANDLOCK = 64;
const DIRSYNC = 128;

interface Flag {
  readonly bits: number;
  readonly clear?: true;
}

/** Options that are flags of mount(2). Source: mount(8), "FILESYSTEM-INDEPENDENT MOUNT OPTIONS". */
const FLAGS: Readonly<Record<string, Flag>> = {
  ro: { bits: MS.rdonly },
  rw: { bits: MS.rdonly, clear: true },
  suid: { bits: MS.nosuid, clear: true },
  nosuid: { bits: MS.nosuid },
  dev: { bits: MS.nodev, clear: true },
  nodev: { bits: MS.nodev },
  exec: { bits: MS.noexec, clear: true },
  noexec: { bits: MS.noexec },
  sync: { bits: SYNCHRONOUS },
  async: { bits: SYNCHRONOUS, clear: true },
  dirsync: { bits: DIRSYNC },
  remount: { bits: MS.remount },
  mand: { bits: MANDLOCK },
  nomand: { bits: MANDLOCK, clear: true },
  atime: { bits: MS.noatime, clear: true },
  noatime: { bits: MS.noatime },
  diratime: { bits: MS.nodiratime, clear: true },
  nodiratime: { bits: MS.nodiratime },
  bind: { bits: MS.bind },
  rbind: { bits: MS.bind | MS.rec },
  unbindable: { bits: MS.unbindable },
  runbindable: { bits: MS.unbindable | MS.rec },
  private: { bits: MS.private },
  rprivate: { bits: MS.private | MS.rec },
  shared: { bits: MS.shared },
  rshared: { bits: MS.shared | MS.rec },
  slave: { bits: MS.slave },
  rslave: { bits: MS.slave | MS.rec },
  relatime: { bits: MS.relatime },
  norelatime: { bits: MS.relatime, clear: true },
  strictatime: { bits: MS.strictatime },
  nostrictatime: { bits: MS.strictatime, clear: true },
};

export interface MountOptions {
  /** Bits of `MS`. */
  readonly flags: number;
  /** What is left for the file system itself. */
  readonly data: string;
}

/** The flags and data of mount(2) that options in the notation of fstab(5) mean. */
export function parseMountOptions(text: string): MountOptions {
  let flags = 0;
  const data: string[] = [];
  for (const option of text.split(",")) {
    if (option === "" || option === "defaults") continue;
    const flag = Object.hasOwn(FLAGS, option) ? FLAGS[option] : undefined;
    if (!flag) data.push(option);
    else if (flag.clear) flags &= ~flag.bits;
    else flags |= flag.bits;
  }
  return { flags, data: data.join(",") };
}
