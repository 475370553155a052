import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type {
  ApplyTarget,
  ImageTarget,
  SnapshotChange,
  SnapshotDirectories,
  SnapshotMount,
  SnapshotOptions,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { countErofsFiles, EROFS_DATA_START_BYTES } from "../../spec/erofs/mod.ts";
import type { LayerWorkers, SnapshotFormat, SnapshotPlace } from "../layers/mod.ts";
import { OVERLAY_FILES, OverlayFormat } from "../snapshots-overlay/mod.ts";
import { IMAGE_FILE, LAYER_MOUNT, type LayerMounts } from "./layer-mounts.ts";

export interface ErofsFormatParts {
  readonly status: ReadonlyArray<readonly [label: string, value: string]>;
  readonly workers: LayerWorkers;
  readonly mounts: LayerMounts;
}

/**
 * A committed snapshot is one read-only EROFS image, mounted beside it while it is needed. An active one is an overlay
 * whose lower directories are those mounts. What was written by mounting a snapshot becomes an image when it is committed.
 */
export class ErofsFormat implements SnapshotFormat {
  readonly name = "erofs";
  readonly #parts: ErofsFormatParts;
  readonly #overlay: OverlayFormat;

  constructor(parts: ErofsFormatParts) {
    this.#parts = parts;
    this.#overlay = new OverlayFormat(
      {
        name: this.name,
        mountType: "overlay",
        status: parts.status,
        optionsRefusal: "--storage-opt is not supported for erofs",
        lowerName: LAYER_MOUNT,
      },
      parts.workers,
    );
  }

  async status(): Promise<ErofsFormatParts["status"]> {
    return this.#parts.status;
  }

  checkOptions(options: SnapshotOptions): void {
    this.#overlay.checkOptions(options);
  }

  async create(place: SnapshotPlace, options: SnapshotOptions): Promise<void> {
    // The new root directory is like that of the layer below.
    await this.#parts.mounts.need(place.parents.slice(0, 1));
    await this.#overlay.create(place, options);
  }

  async mounts(place: SnapshotPlace): Promise<readonly SnapshotMount[]> {
    await this.#parts.mounts.need(place.parents);
    return await this.#overlay.mounts(place);
  }

  async applyTarget(place: SnapshotPlace): Promise<ApplyTarget> {
    await this.#parts.mounts.need(place.parents);
    return this.#imageTarget(place);
  }

  async adopt(place: SnapshotPlace, implied: readonly string[]): Promise<void> {
    if (implied.length === 0) return;
    await this.#parts.mounts.need(place.parents);
    await this.#parts.workers.run("reindexImage", this.#imageTarget(place));
  }

  async seal(place: SnapshotPlace): Promise<void> {
    const { directory } = place;
    const upper = join(directory, OVERLAY_FILES);
    if (!(await exists(join(directory, IMAGE_FILE)))) {
      await this.#parts.workers.run("makeImage", { upper, target: this.#imageTarget(place) });
    }
    for (const name of [upper, join(directory, "work")]) await rm(name, { recursive: true, force: true });
  }

  async measure(place: SnapshotPlace): Promise<SnapshotUsage> {
    if (place.kind !== "committed") return await this.#overlay.measure(place);
    await using image = await open(join(place.directory, IMAGE_FILE));
    const head = Buffer.alloc(EROFS_DATA_START_BYTES);
    await image.read(head, 0, head.length, 0);
    // The root is no file of the layer.
    return { sizeBytes: (await image.stat()).blocks * 512, inodes: countErofsFiles(head) - 1 };
  }

  async changes(place: SnapshotPlace): Promise<SnapshotChange[]> {
    await this.#parts.mounts.need(place.parents);
    return await this.#overlay.changes(place);
  }

  async directories(place: SnapshotPlace): Promise<SnapshotDirectories> {
    await this.#parts.mounts.need(place.parents);
    const directories = await this.#overlay.directories(place);
    if (place.kind !== "committed") return directories;
    await this.#parts.mounts.need([place.directory]);
    return { ...directories, upper: join(place.directory, LAYER_MOUNT) };
  }

  /** Each image was brought to disk when it was made. */
  async sync(): Promise<void> {}

  async discard(directory: string): Promise<void> {
    await this.#parts.mounts.drop(directory);
    await this.#overlay.discard(directory);
  }

  async reconcile(): Promise<void> {
    // An earlier process's; what uses them keeps them.
    await this.#parts.mounts.dropAll();
  }

  async close(): Promise<void> {
    await this.#parts.mounts.dropAll();
  }

  #imageTarget({ directory, parents }: SnapshotPlace): ImageTarget {
    return {
      imageFile: join(directory, IMAGE_FILE),
      parents: parents.map((parent) => join(parent, LAYER_MOUNT)),
    };
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
