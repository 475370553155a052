import { chmod, chown, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseBinarySize } from "../../base/bytes.ts";
import { invalidArgument } from "../../base/errors.ts";
import type {
  ApplyTarget,
  SnapshotChange,
  SnapshotDirectories,
  SnapshotMount,
  SnapshotOptions,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";
import { limitTree, releaseTree } from "../../os/linux/project-quota.ts";
import { syncFilesystem } from "../../os/linux/sync-filesystem.ts";
import { isOpaque, type LayerWorkers, type SnapshotFormat, type SnapshotPlace } from "../layers/mod.ts";

/** Where in its directory a snapshot has its own files. */
export const OVERLAY_FILES = "fs";

/** What makes one driver of overlays differ from another. */
export interface OverlayFlavour {
  readonly name: string;
  readonly mountType: "overlay" | "fuse-overlayfs";
  readonly status: ReadonlyArray<readonly [label: string, value: string]>;
  /** What a container is told that asks for a storage option where there are no limits. */
  readonly optionsRefusal: string;
  /** Limits on the space of containers, where the file system can set them. */
  readonly limits?: { readonly defaultBytes: number | undefined };
  /** Where in its directory a committed snapshot has its files, ready to be a lower directory. */
  readonly lowerName: string;
}

/**
 * Snapshots as overlays. A snapshot's directory holds `fs` (its own files: the upper, later a lower directory) and, while
 * it is active, `work` (the overlay's own).
 * Source: Documentation/filesystems/overlayfs.rst.
 */
export class OverlayFormat implements SnapshotFormat {
  readonly #flavour: OverlayFlavour;
  readonly #workers: LayerWorkers;

  constructor(flavour: OverlayFlavour, workers: LayerWorkers) {
    this.#flavour = flavour;
    this.#workers = workers;
  }

  get name(): string {
    return this.#flavour.name;
  }

  async status(): Promise<OverlayFlavour["status"]> {
    return this.#flavour.status;
  }

  checkOptions(options: SnapshotOptions): void {
    this.#limitOf(options);
  }

  async create({ directory, parents }: SnapshotPlace, options: SnapshotOptions): Promise<void> {
    const limitBytes = this.#limitOf(options);
    // Before anything is in it: what is made later belongs to the limited tree.
    if (limitBytes !== undefined) await limitTree(directory, limitBytes);
    await mkdir(join(directory, "work"), { mode: 0o711 });
    await makeRootLike(filesOf(directory), parents[0] && this.#lowerOf(parents[0]));
  }

  async mounts(place: SnapshotPlace): Promise<readonly SnapshotMount[]> {
    const { upper, lower, work } = this.#directoriesOf(place);
    const type = this.#flavour.mountType;
    if (place.kind === "view") {
      // One lower directory alone is no overlay.
      if (lower.length === 1) return [{ type: "bind", source: lower[0]!, readOnly: true }];
      return [{ type, source: "overlay", lowerDirs: lower, readOnly: true }];
    }
    if (lower.length === 0) return [{ type: "bind", source: upper, readOnly: false }];
    return [{ type, source: "overlay", lowerDirs: lower, upperDir: upper, workDir: work, readOnly: false }];
  }

  async applyTarget(place: SnapshotPlace): Promise<ApplyTarget> {
    const { upper, lower } = this.#directoriesOf(place);
    return { directory: upper, whiteouts: "overlay", parents: lower };
  }

  async adopt(place: SnapshotPlace, implied: readonly string[]): Promise<void> {
    const { upper, lower } = this.#directoriesOf(place);
    if (implied.length === 0 && !isOpaque(upper)) return;
    await this.#workers.run("adopt", { directory: upper, parents: lower, implied });
  }

  async seal(): Promise<void> {}

  async measure({ directory }: SnapshotPlace): Promise<SnapshotUsage> {
    return await this.#workers.run("measure", { directory: filesOf(directory) });
  }

  async changes(place: SnapshotPlace): Promise<SnapshotChange[]> {
    const { upper, lower } = this.#directoriesOf(place);
    return await this.#workers.run("overlayChanges", { upper, lowerDirs: lower });
  }

  async directories(place: SnapshotPlace): Promise<SnapshotDirectories> {
    return this.#directoriesOf(place);
  }

  async sync(root: string): Promise<void> {
    await syncFilesystem(root);
  }

  async discard(directory: string): Promise<void> {
    if (this.#flavour.limits) await releaseTree(directory);
    await rm(directory, { recursive: true, force: true });
  }

  async reconcile(): Promise<void> {}

  async close(): Promise<void> {}

  /** The space that a container may take; undefined for no limit. Errors: invalidArgument with docker's texts. */
  #limitOf({ storageOptions }: SnapshotOptions): number | undefined {
    if (!storageOptions) return undefined;
    const { limits, optionsRefusal } = this.#flavour;
    const entries = Object.entries(storageOptions);
    if (entries.length > 0 && !limits) throw invalidArgument(optionsRefusal);
    let limitBytes = limits?.defaultBytes;
    for (const [key, value] of entries) {
      if (key.toLowerCase() !== "size") throw invalidArgument(`Unknown option ${key.toLowerCase()}`);
      limitBytes = parseBinarySize(value);
    }
    // As with docker, a size of nothing is no limit.
    return limitBytes === 0 ? undefined : limitBytes;
  }

  #directoriesOf({ directory, parents }: SnapshotPlace): SnapshotDirectories {
    return {
      upper: filesOf(directory),
      lower: parents.map((parent) => this.#lowerOf(parent)),
      work: join(directory, "work"),
    };
  }

  #lowerOf(parent: string): string {
    return join(parent, this.#flavour.lowerName);
  }
}

function filesOf(directory: string): string {
  return join(directory, OVERLAY_FILES);
}

/** The upper directory's owner and mode are what the container sees at `/`: those of the layer below. */
async function makeRootLike(directory: string, lower: string | undefined): Promise<void> {
  await mkdir(directory, { mode: 0o755 });
  if (lower === undefined) {
    await chmod(directory, 0o755);
    return;
  }
  const { uid, gid, mode } = await stat(lower);
  await chown(directory, uid, gid);
  await chmod(directory, mode & 0o7777);
}
