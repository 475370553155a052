import { mkdir, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type {
  SnapshotChange,
  SnapshotMount,
  SnapshotOptions,
  Snapshotter,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";

/** Mounts and unmounts what a snapshotter describes. */
export interface SnapshotMounter {
  mount(mounts: readonly SnapshotMount[], target: string): Promise<void>;
  /** Idempotent. */
  unmount(target: string): Promise<void>;
}

/** Root file systems of containers: one snapshot each, named by the container's id. */
export class RootFilesystems {
  readonly #snapshotter: Snapshotter;
  readonly #mounter: SnapshotMounter;
  readonly #mountRoot: string;

  constructor(snapshotter: Snapshotter, mounter: SnapshotMounter, mountRoot: string) {
    this.#snapshotter = snapshotter;
    this.#mounter = mounter;
    this.#mountRoot = mountRoot;
  }

  get driver(): string {
    return this.#snapshotter.name;
  }

  pathOf(containerId: string): string {
    return join(this.#mountRoot, containerId);
  }

  /** Makes the snapshot. `topLayer` is empty for an image without layers. */
  async prepare(containerId: string, topLayer: string, options: SnapshotOptions = {}): Promise<void> {
    await this.#snapshotter.prepare(containerId, topLayer === "" ? undefined : topLayer, options);
  }

  /** Mounts the snapshot; the directory it is seen at. */
  async mount(containerId: string): Promise<string> {
    const target = this.pathOf(containerId);
    const [mounts] = await Promise.all([
      this.#snapshotter.mounts(containerId),
      mkdir(target, { recursive: true, mode: 0o710 }),
    ]);
    await this.#mounter.mount(mounts, target);
    return target;
  }

  /** Idempotent. */
  async unmount(containerId: string): Promise<void> {
    const target = this.pathOf(containerId);
    await this.#mounter.unmount(target);
    try {
      await rmdir(target);
    } catch (error) {
      // Unmounted by an earlier call.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  /** Idempotent. */
  async remove(containerId: string): Promise<void> {
    await this.#snapshotter.remove(containerId);
  }

  /** Where the layers are, as `GraphDriver.Data` of inspect names them. */
  async describe(containerId: string): Promise<Record<string, string> | null> {
    const directories = await this.#snapshotter.directories(containerId);
    if (!directories) return null;
    const { upper, lower, work } = directories;
    return {
      ID: containerId,
      ...(lower.length > 0 && { LowerDir: lower.join(":") }),
      MergedDir: this.pathOf(containerId),
      UpperDir: upper,
      WorkDir: work,
    };
  }

  /** The directory of the container's own changes, in overlayfs's form; undefined where the driver has none. */
  async upperDirectory(containerId: string): Promise<string | undefined> {
    return (await this.#snapshotter.directories(containerId))?.upper;
  }

  /**
   * Mounts of containers that do not run are gone, and so are mount points and snapshots of containers that are not
   * `known`. Layers of images are not touched.
   */
  async removeOrphans(known: ReadonlySet<string>, running: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#mountRoot, { recursive: true, mode: 0o711 });
    for (const name of await readdir(this.#mountRoot)) {
      if (!running.has(name)) await this.unmount(name);
    }
    for await (const { key, kind } of this.#snapshotter.walk()) {
      if (kind === "active" && isContainerKey(key) && !known.has(key)) await this.#snapshotter.remove(key);
    }
  }

  usage(containerId: string): Promise<SnapshotUsage> {
    return this.#snapshotter.usage(containerId);
  }

  changes(containerId: string): Promise<SnapshotChange[]> {
    return this.#snapshotter.changes(containerId);
  }
}

/** Snapshots of containers are named by a bare id, those of layers being unpacked by a prefix or digest. */
function isContainerKey(key: string): boolean {
  return /^[0-9a-f]{64}$/.test(key);
}
