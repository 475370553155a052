import { mkdir, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isKind } from "../../../base/errors.ts";
import type { Snapshotter } from "../../../core/snapshots/snapshotter.ts";
import type { OwnedFd } from "../../../os/linux/fd.ts";
import { MS, mount, unmount } from "../../../os/linux/mount.ts";
import { statFd } from "../../../os/linux/stat.ts";
import type { SnapshotMounter } from "../rootfs.ts";

const IMAGE_SUFFIX = ".image";
const MEMORY_NAME = "shm";
const KEY_PREFIX = "mount-";

/**
 * Mounts that the engine makes on the host for a container, beside its root file system, so that the OCI runtime is given
 * paths that nobody else can change: `<root>/<container>/<number>` of a mount, `<number>.image` of an image's files, `shm` of memory that others may share.
 *
 * After a crash a directory says what there is to take back, until all of it is gone.
 */
export class SideMounts {
  readonly #root: string;
  readonly #snapshotter: Snapshotter;
  readonly #mounter: SnapshotMounter;

  constructor(root: string, snapshotter: Snapshotter, mounter: SnapshotMounter) {
    this.#root = root;
    this.#snapshotter = snapshotter;
    this.#mounter = mounter;
  }

  /** The node that is open is visible at the result, whatever happens to its name. Idempotent. */
  async bindNode(containerId: string, index: number, node: OwnedFd): Promise<string> {
    const target = join(await this.#directory(containerId), String(index));
    await unmountAll(target);
    if (statFd(node.fd).type === "directory") await mkdir(target, { recursive: true });
    else await writeFile(target, "");
    await mount({ source: node.procPath, target, flags: MS.bind });
    return target;
  }

  /**
   * The files of an image are visible at the result, read-only, as they were when they were first asked for: from then on the
   * container has a snapshot of them. `topLayer` tells what to make that of, empty for an image without layers. Idempotent.
   */
  async mountImage(containerId: string, index: number, topLayer: () => Promise<string>): Promise<string> {
    const target = join(await this.#directory(containerId), `${index}${IMAGE_SUFFIX}`);
    await mkdir(target, { recursive: true });
    await this.#mounter.unmount(target);
    const key = imageMountKey(containerId, index);
    if (!(await this.#hasSnapshot(key))) {
      const layer = await topLayer();
      if (layer === "") await this.#snapshotter.prepare(key);
      else await this.#snapshotter.view(key, layer);
    }
    await this.#mounter.mount(await this.#snapshotter.mounts(key), target);
    return target;
  }

  /** The container has no snapshot for this mount any more, which is not mounted. Idempotent. */
  async forgetImage(containerId: string, index: number): Promise<void> {
    await this.#snapshotter.remove(imageMountKey(containerId, index));
  }

  /** Memory of that size is mounted at `memoryPath`, for containers to share. Idempotent. */
  async mountMemory(containerId: string, sizeBytes: number): Promise<string> {
    await this.#directory(containerId);
    const target = this.memoryPath(containerId);
    await unmountAll(target);
    await mkdir(target, { recursive: true, mode: 0o700 });
    const flags = MS.noexec | MS.nosuid | MS.nodev;
    await mount({ source: "shm", target, fsType: "tmpfs", flags, data: `mode=1777,size=${sizeBytes}` });
    return target;
  }

  memoryPath(containerId: string): string {
    return join(this.#root, containerId, MEMORY_NAME);
  }

  /** Nothing of the container is mounted here any more. Idempotent. */
  async release(containerId: string): Promise<void> {
    const directory = join(this.#root, containerId);
    // A sub-path lies in its image's mount: it goes first, as its shorter name says.
    for (const name of (await entriesOf(directory)).sort((a, b) => a.length - b.length)) {
      if (name.endsWith(IMAGE_SUFFIX)) await this.#mounter.unmount(join(directory, name));
      else await unmountAll(join(directory, name));
      await removeEmpty(join(directory, name));
    }
    await removeEmpty(directory);
  }

  /** Mounts of containers that do not run are gone, and snapshots for those that are not `known`. */
  async removeOrphans(known: ReadonlySet<string>, running: ReadonlySet<string>): Promise<void> {
    for (const id of await entriesOf(this.#root)) if (!running.has(id)) await this.release(id);
    for await (const { key } of this.#snapshotter.walk()) {
      if (!key.startsWith(KEY_PREFIX)) continue;
      if (!known.has(key.slice(KEY_PREFIX.length).split("-")[0]!)) await this.#snapshotter.remove(key);
    }
  }

  async #directory(containerId: string): Promise<string> {
    const directory = join(this.#root, containerId);
    await mkdir(directory, { recursive: true, mode: 0o711 });
    return directory;
  }

  async #hasSnapshot(key: string): Promise<boolean> {
    try {
      await this.#snapshotter.stat(key);
      return true;
    } catch (error) {
      if (isKind(error, "notFound")) return false;
      throw error;
    }
  }
}

/** The snapshot through which a container sees the image that is its mount number `index`. */
export function imageMountKey(containerId: string, index: number): string {
  return `${KEY_PREFIX}${containerId}-${index}${IMAGE_SUFFIX}`;
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    // Nothing was ever mounted there.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function unmountAll(path: string): Promise<void> {
  while (await unmount(path, { detach: true }));
}

/** Removes a mount point. A directory is removed only where it is empty: what is mounted must never be deleted. */
async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR") await rm(path, { force: true });
    else if (code !== "ENOENT") throw error;
  }
}
