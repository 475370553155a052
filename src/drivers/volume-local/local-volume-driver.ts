import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { internal, invalidArgument } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { VolumeDriver, VolumeRecord } from "../../core/volumes/volume.ts";
import { describeErrno } from "../../os/linux/errno-text.ts";
import { isMountPoint, MS, mount, unmount, unmountBelow } from "../../os/linux/mount.ts";
import { SyscallError } from "../../os/linux/syscall-error.ts";
import { checkVolumeOptions, deviceMountOf, needsMount, withoutPassword } from "./device-options.ts";
import { parseMountOptions } from "./mount-options.ts";

const NAME_CHARACTERS = "[a-zA-Z0-9][a-zA-Z0-9_.-]";

/**
 * Volumes as directories below `<root>/<name>/_data`. One with options `type`, `o` and `device` is mounted there from its
 * first holder to its last; any other is usable as it is. Calls for one volume must come one after the other.
 *
 * After a crash: a directory exists before its record is stored, and `remove` first renames it aside, so a record never
 * points to half a volume. Mounts outlive the engine; `restore` says who still has them.
 */
export class LocalVolumeDriver implements VolumeDriver {
  readonly name = "local";
  readonly scope = "local";
  readonly #root: string;
  readonly #holders = new Map<string, Set<string>>();

  constructor(root: string) {
    this.#root = root;
  }

  async create(volume: VolumeRecord): Promise<void> {
    checkName(volume.name);
    checkVolumeOptions(volume.options);
    await mkdir(this.#root, { recursive: true, mode: 0o711 });
    await mkdir(join(this.#root, volume.name), { recursive: true, mode: 0o701 });
    await mkdir(this.pathOf(volume), { recursive: true, mode: 0o755 });
  }

  async remove(volume: VolumeRecord): Promise<void> {
    if (needsMount(volume.options)) await unmountAll(this.pathOf(volume));
    const aside = join(this.#root, `.removed-${newId().slice(0, 16)}`);
    try {
      await rename(join(this.#root, volume.name), aside);
    } catch (error) {
      // Removed by an earlier try that a crash cut short.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    // Whatever is mounted there is somebody else's: it must be gone before anything is deleted.
    await unmountBelow(aside, { detach: true });
    await rm(aside, { recursive: true, force: true });
  }

  pathOf(volume: Pick<VolumeRecord, "name">): string {
    return join(this.#root, volume.name, "_data");
  }

  async mount(volume: VolumeRecord, holder: string): Promise<string> {
    const path = this.pathOf(volume);
    if (needsMount(volume.options) && !isMountPoint(path)) await mountDevice(volume, path);
    this.#holdersOf(volume.name).add(holder);
    return path;
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

  #holdersOf(name: string): Set<string> {
    const holders = this.#holders.get(name) ?? new Set();
    this.#holders.set(name, holders);
    return holders;
  }
}

function checkName(name: string): void {
  if (name.length === 1) {
    throw invalidArgument("volume name is too short, names should be at least two alphanumeric characters");
  }
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) return;
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
