import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { invalidArgument, notImplemented } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { VolumeDriver, VolumeRecord } from "../../core/volumes/volume.ts";

const KNOWN_OPTIONS = new Set(["type", "o", "device", "size"]);

/**
 * Volumes as directories below `<root>/<name>/_data`. A volume is usable without being mounted, so `mount` and
 * `unmount` have no effect on the kernel.
 *
 * After a crash: a directory exists before its record is stored, and `remove` first renames it aside, so a record never
 * points to half a volume.
 */
export class LocalVolumeDriver implements VolumeDriver {
  readonly name = "local";
  readonly scope = "local";
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async create(volume: VolumeRecord): Promise<void> {
    for (const option of Object.keys(volume.options)) {
      if (!KNOWN_OPTIONS.has(option)) throw invalidArgument(`invalid option: "${option}"`);
    }
    if (Object.keys(volume.options).length > 0) {
      throw notImplemented("options of the local volume driver are not supported yet");
    }
    await mkdir(this.#root, { recursive: true, mode: 0o711 });
    await mkdir(this.pathOf(volume), { recursive: true, mode: 0o755 });
  }

  async remove(volume: VolumeRecord): Promise<void> {
    const aside = join(this.#root, `.removed-${newId().slice(0, 16)}`);
    try {
      await rename(join(this.#root, volume.name), aside);
    } catch (error) {
      // Removed by an earlier try that a crash cut short.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    await rm(aside, { recursive: true, force: true });
  }

  pathOf(volume: VolumeRecord): string {
    return join(this.#root, volume.name, "_data");
  }

  async mount(volume: VolumeRecord): Promise<string> {
    return this.pathOf(volume);
  }

  async unmount(): Promise<void> {}
}
