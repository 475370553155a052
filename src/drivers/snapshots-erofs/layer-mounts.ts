import { realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { MS, mount, unmount, unmountBelow } from "../../os/linux/mount.ts";

/** Where a snapshot's directory has its image. */
export const IMAGE_FILE = "layer.erofs";
/** Where it is mounted. */
export const LAYER_MOUNT = "layer";

/**
 * The images of committed snapshots, mounted once each when they are first needed, so that all containers share one cache
 * of their pages. Overlays hold on to them by themselves: unmounting here does no harm to what runs.
 */
export class LayerMounts {
  readonly #root: string;
  /** By the name of the snapshot's directory, which never comes again. */
  readonly #mounted = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The images in these directories are mounted. */
  async need(directories: readonly string[]): Promise<void> {
    await Promise.all(directories.map((directory) => this.#needOne(directory)));
  }

  /** Nothing is mounted in the directory any more. Idempotent. */
  async drop(directory: string): Promise<void> {
    this.#mounted.delete(basename(directory));
    await unmount(join(directory, LAYER_MOUNT), { detach: true });
  }

  /** Nothing is mounted any more, whoever mounted it. */
  async dropAll(): Promise<void> {
    this.#mounted.clear();
    await unmountBelow(realpathSync(this.#root), { detach: true });
  }

  #needOne(directory: string): Promise<void> {
    const name = basename(directory);
    const known = this.#mounted.get(name);
    if (known) return known;
    const mounting = mountImage(join(directory, IMAGE_FILE), join(directory, LAYER_MOUNT));
    this.#mounted.set(name, mounting);
    // The next one who needs it tries again.
    mounting.catch(() => this.#mounted.delete(name));
    return mounting;
  }
}

/** An EROFS image is visible, read-only, at `target`, which is made where it is missing. Errors: SyscallError. */
export async function mountImage(image: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  await mount({ source: image, target, fsType: "erofs", flags: MS.rdonly });
}
