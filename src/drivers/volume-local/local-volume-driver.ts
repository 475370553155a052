import { mkdir, readdir, rename, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BackgroundWork } from "../../base/background-work.ts";
import { internal, invalidArgument } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { formatRfc3339Nano } from "../../base/time.ts";
import type { DriverVolume, VolumeDriver, VolumeRecord, VolumeSweep } from "../../core/volumes/volume.ts";
import { describeErrno } from "../../os/linux/errno-text.ts";
import { isMountPoint, MS, mount, unmount, unmountBelow } from "../../os/linux/mount.ts";
import { releaseTree } from "../../os/linux/project-quota.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { isErrno, SyscallError } from "../../os/linux/syscall-error.ts";
import {
  checkVolumeOptions,
  deviceMountOf,
  needsMount,
  ownershipOf,
  sizeLimitOf,
  withoutPassword,
} from "./device-options.ts";
import { findMakeLimited, type MakeLimited, removeSubvolume } from "./limited-directory.ts";
import { parseMountOptions } from "./mount-options.ts";

const NAME_CHARACTERS = "[a-zA-Z0-9][a-zA-Z0-9_.-]";
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const DATA = "_data";
/** Beside the data, for what is to become it. */
const STAGING = "_filling";
const REMOVED_PREFIX = ".removed-";

/**
 * Volumes as directories below `<root>/<name>/_data`. One with options `type`, `o` and `device` is mounted there from its
 * first holder to its last; any other is usable as it is. Calls for one volume must come one after the other.
 *
 * After a crash: a directory exists before its record is stored, and `remove` first renames it aside, so a record never
 * points to half a volume; `sweep` clears what is left between the two. Mounts outlive the engine; `restore` says who still
 * has them.
 */
export class LocalVolumeDriver implements VolumeDriver {
  readonly name = "local";
  readonly scope = "local";
  readonly #root: string;
  readonly #background: BackgroundWork;
  readonly #holders = new Map<string, Set<string>>();

  constructor(root: string, background: BackgroundWork) {
    this.#root = root;
    this.#background = background;
  }

  async create(volume: VolumeRecord): Promise<void> {
    checkName(volume.name);
    await mkdir(this.#root, { recursive: true, mode: 0o711 });
    const makeLimited = await this.#findMakeLimited(volume);
    checkVolumeOptions(volume.options, makeLimited !== undefined);
    await this.#makeDirectories(volume, makeLimited);
    applyOwnership(this.pathOf(volume), volume);
  }

  async remove(volume: VolumeRecord): Promise<void> {
    if (needsMount(volume.options)) await unmountAll(this.pathOf(volume));
    if (sizeLimitOf(volume.options) > 0) await this.#releaseLimit(volume);
    const aside = `${REMOVED_PREFIX}${newId().slice(0, 16)}`;
    try {
      await rename(join(this.#root, volume.name), join(this.#root, aside));
    } catch (error) {
      // Removed by an earlier try that a crash cut short.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    await this.#removeAside(aside);
  }

  async rename(from: string, to: string): Promise<void> {
    checkName(to);
    try {
      await rename(join(this.#root, from), join(this.#root, to));
    } catch (error) {
      // Renamed by an earlier try that a crash cut short.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  async sweep(stored: readonly VolumeRecord[]): Promise<VolumeSweep> {
    const records = new Map(stored.map((record) => [record.name, record]));
    const found: DriverVolume[] = [];
    const there = new Set<string>();
    for (const name of await entriesOf(this.#root)) {
      if (records.has(name)) {
        there.add(name);
        await this.#removeStaging(name);
      } else if (name.startsWith(REMOVED_PREFIX)) {
        this.#background.start("removing what is left of a volume", () => this.#removeAside(name));
      } else if (NAME.test(name)) {
        const volume = await this.#lookAtStranger(name);
        if (volume) found.push(volume);
      }
    }
    const lost = [...records.values()].filter(({ name }) => !there.has(name));
    for (const volume of lost) await this.#makeDirectories(volume, await this.#findMakeLimited(volume));
    return { found, lost: lost.map(({ name }) => name) };
  }

  pathOf(volume: Pick<VolumeRecord, "name">): string {
    // Put together by hand for lists of thousands: names are free of slashes and dots that mean something.
    return `${this.#root}/${volume.name}/${DATA}`;
  }

  async mount(volume: VolumeRecord, holder: string): Promise<string> {
    const path = this.pathOf(volume);
    if (needsMount(volume.options) && !isMountPoint(path)) await mountDevice(volume, path);
    this.#holdersOf(volume.name).add(holder);
    return path;
  }

  async fill(volume: VolumeRecord, put: (directory: string) => Promise<void>): Promise<void> {
    const path = this.pathOf(volume);
    // Others see the directory itself, and so does a mount; a limit on space would not let files move in.
    const isPlain = !needsMount(volume.options) && sizeLimitOf(volume.options) === 0;
    if (!isPlain || this.#holdersOf(volume.name).size > 1) {
      await put(path);
      applyOwnership(path, volume);
      return;
    }
    if ((await readdir(path)).length > 0) return;
    using directory = RootDir.open(join(this.#root, volume.name));
    await directory.removeAll(STAGING);
    directory.mkdir(STAGING, 0o755);
    try {
      const staging = join(this.#root, volume.name, STAGING);
      await put(staging);
      applyOwnership(staging, volume);
      directory.rename(STAGING, DATA);
    } catch (error) {
      // Somebody on the host was faster: what the volume has by now counts.
      if (!isErrno(error, "ENOTEMPTY", "EEXIST")) throw error;
    } finally {
      await directory.removeAll(STAGING);
    }
  }

  async unmount(volume: VolumeRecord, holder: string): Promise<boolean> {
    const holders = this.#holdersOf(volume.name);
    const held = holders.delete(holder);
    if (holders.size > 0) return held;
    this.#holders.delete(volume.name);
    if (needsMount(volume.options)) await unmountAll(this.pathOf(volume));
    return held;
  }

  async restore(volume: VolumeRecord, holders: ReadonlySet<string>): Promise<void> {
    if (holders.size > 0) this.#holders.set(volume.name, new Set(holders));
    else if (needsMount(volume.options)) await unmountAll(this.pathOf(volume));
  }

  /** A directory that no record names: empty, it was being made when the engine ended; with files, it is somebody's volume. */
  async #lookAtStranger(name: string): Promise<DriverVolume | undefined> {
    const entries = await entriesOf(join(this.#root, name));
    const path = this.pathOf({ name });
    if (entries.includes(DATA) && (await entriesOf(path)).length > 0) {
      const { ctimeNs } = await stat(path, { bigint: true });
      return { name, mountpoint: path, createdAt: formatRfc3339Nano(ctimeNs) };
    }
    // Whatever else is in there was not put there by this engine.
    if (entries.some((entry) => entry !== DATA)) return undefined;
    for (const entry of entries) await rmdir(join(this.#root, name, entry));
    await rmdir(join(this.#root, name));
    return undefined;
  }

  /** The kernel's record of a limit would outlive the directory. */
  async #releaseLimit(volume: VolumeRecord): Promise<void> {
    try {
      await releaseTree(this.pathOf(volume));
    } catch (error) {
      // The directory is gone, or lies on a file system that was mounted without quotas this time.
      if (!(error instanceof SyscallError)) throw error;
    }
  }

  async #findMakeLimited({ options }: VolumeRecord): Promise<MakeLimited | undefined> {
    return sizeLimitOf(options) > 0 ? await findMakeLimited(this.#root) : undefined;
  }

  async #makeDirectories(volume: VolumeRecord, makeLimited: MakeLimited | undefined): Promise<void> {
    await makeDirectory("root", join(this.#root, volume.name), 0o701);
    const limitBytes = sizeLimitOf(volume.options);
    if (makeLimited && limitBytes > 0) await makeLimited(this.pathOf(volume), limitBytes);
    else await makeDirectory("data", this.pathOf(volume), 0o755);
  }

  async #removeStaging(name: string): Promise<void> {
    using directory = RootDir.open(join(this.#root, name));
    await directory.removeAll(STAGING);
  }

  async #removeAside(name: string): Promise<void> {
    // Whatever is mounted there is somebody else's: it must be gone before anything is deleted.
    await unmountBelow(join(this.#root, name), { detach: true });
    await removeSubvolume(join(this.#root, name, DATA));
    using root = RootDir.open(this.#root);
    await root.removeAll(name);
  }

  #holdersOf(name: string): Set<string> {
    const holders = this.#holders.get(name) ?? new Set();
    this.#holders.set(name, holders);
    return holders;
  }
}

/** What was asked for at the volume's creation holds against what an image's directory has. */
function applyOwnership(path: string, { options }: VolumeRecord): void {
  const { uid, gid, mode } = ownershipOf(options);
  using directory = RootDir.open(path);
  const UNCHANGED = -1;
  if (uid !== undefined || gid !== undefined) directory.chown("", uid ?? UNCHANGED, gid ?? UNCHANGED);
  // After the owner: changing it clears set-id bits.
  if (mode !== undefined) directory.chmod("", mode);
}

async function makeDirectory(what: "root" | "data", path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    throw internal(
      `error while creating volume ${what} path '${path}': mkdir ${path}: ${describeErrno(Math.abs(errno))}`,
      { cause: error },
    );
  }
}

/** Names in a directory; none where there is no such directory. */
async function entriesOf(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

function checkName(name: string): void {
  if (name.length === 1) {
    throw invalidArgument("volume name is too short, names should be at least two alphanumeric characters");
  }
  if (NAME.test(name)) return;
  throw invalidArgument(
    `${JSON.stringify(name)} includes invalid characters for a local volume name, only "${NAME_CHARACTERS}" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}

const PROPAGATION = MS.shared | MS.slave | MS.private | MS.unbindable;

/** Order of the calls as the kernel wants it: propagation and the read-only flag of a bind take calls of their own. */
async function mountDevice(volume: VolumeRecord, target: string): Promise<void> {
  const { device, type, options } = await deviceMountOf(volume.options);
  const { flags, data } = parseMountOptions(options);
  try {
    const plain = flags & ~PROPAGATION;
    await mount({ source: device, target, fsType: type, flags: plain, data });
    if (flags & PROPAGATION) await mount({ source: "", target, flags: flags & (PROPAGATION | MS.rec) });
    if (flags & MS.bind && flags & MS.rdonly) await mount({ source: "", target, flags: plain | MS.remount });
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    await unmountAll(target);
    const shownFlags = flags === 0 ? "" : `, flags: 0x${flags.toString(16)}`;
    const shownData = data === "" ? "" : `, data: ${withoutPassword(data, options)}`;
    throw internal(
      `failed to mount local volume: mount ${device}:${target}${shownFlags}${shownData}: ${describeErrno(error.errno)}`,
      { cause: error },
    );
  }
}

/** Detached: a process of the host that is inside must not keep a container from ending. */
async function unmountAll(path: string): Promise<void> {
  while (await unmount(path, { detach: true }));
}
