import { alreadyExists, invalidArgument } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { SnapshotRow, SnapshotRows } from "../../core/snapshots/snapshot-rows.ts";
import type {
  ApplyTarget,
  SnapshotChange,
  SnapshotDirectories,
  SnapshotInfo,
  SnapshotMount,
  SnapshotOptions,
  Snapshotter,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";
import type { LayerWorkers } from "./layer-workers.ts";
import { SnapshotFolders } from "./snapshot-folders.ts";
import type { SnapshotFormat, SnapshotPlace } from "./snapshot-format.ts";

/** Layers that an image may have: with one more, an overlay's options no longer fit into mount(2)'s one page. */
const MAX_LAYERS = 127;

export interface FolderSnapshotterOptions {
  /** Directory of the driver's own, on a local file system. */
  readonly root: string;
  readonly rows: SnapshotRows;
  readonly log?: Logger;
}

/** What every driver is opened with. */
export interface SnapshotterOptions extends FolderSnapshotterOptions {
  readonly workers: LayerWorkers;
  /** `--storage-opt` of the daemon, `key=value` each. */
  readonly driverOptions?: readonly string[];
}

/** The snapshotter of every driver that keeps a snapshot in a directory of its own; `format` says how. */
export class FolderSnapshotter implements Snapshotter {
  readonly #root: string;
  readonly #rows: SnapshotRows;
  readonly #format: SnapshotFormat;
  readonly #folders: SnapshotFolders;
  readonly rebase?: NonNullable<Snapshotter["rebase"]>;
  #commits = 0;
  #syncedCommits = 0;

  constructor({ root, rows, log }: FolderSnapshotterOptions, format: SnapshotFormat) {
    this.#root = root;
    this.#rows = rows;
    this.#format = format;
    this.#folders = new SnapshotFolders(root, rows, (directory) => format.discard(directory), log);
    if (format.adopt) this.rebase = (key, parent, implied) => this.#rebase(key, parent, implied);
  }

  get name(): string {
    return this.#format.name;
  }

  status(): Promise<ReadonlyArray<readonly [label: string, value: string]>> {
    return this.#format.status();
  }

  async prepare(key: string, parent?: string, options: SnapshotOptions = {}): Promise<void> {
    this.#format.checkOptions(options);
    await this.#folders.add({ key, kind: "active", ...(parent !== undefined && { parent }) }, (row) =>
      this.#format.create(this.#placeOf(row), options),
    );
  }

  async view(key: string, parent: string): Promise<void> {
    await this.#folders.add({ key, kind: "view", parent }, async () => {});
  }

  async commit(name: string, key: string): Promise<void> {
    const row = this.#active(key);
    if (this.#rows.get(name)) throw alreadyExists(`snapshot ${name} already exists`);
    const place = this.#placeOf(row);
    checkDepth(place);
    await this.#format.seal(place);
    this.#rows.commit(name, key);
    this.#commits++;
  }

  async mounts(key: string): Promise<readonly SnapshotMount[]> {
    const row = this.#folders.get(key);
    if (row.kind === "committed") throw invalidArgument(`snapshot ${key} is committed and cannot be mounted`);
    return await this.#format.mounts(this.#placeOf(row));
  }

  async applyTarget(key: string): Promise<ApplyTarget> {
    const place = this.#placeOf(this.#active(key));
    checkDepth(place);
    return await this.#format.applyTarget(place);
  }

  async stat(key: string): Promise<SnapshotInfo> {
    return this.#folders.info(key);
  }

  async usage(key: string): Promise<SnapshotUsage> {
    const row = this.#folders.get(key);
    if (row.usage) return row.usage;
    if (row.kind === "view") return { sizeBytes: 0, inodes: 0 };
    const usage = await this.#format.measure(this.#placeOf(row));
    // A committed snapshot never changes: it is counted once. It may have been removed meanwhile.
    if (row.kind === "committed" && this.#rows.get(key)) this.#rows.setUsage(key, usage);
    return usage;
  }

  async changes(key: string): Promise<SnapshotChange[]> {
    const row = this.#folders.get(key);
    return row.kind === "view" ? [] : await this.#format.changes(this.#placeOf(row));
  }

  async directories(key: string): Promise<SnapshotDirectories | undefined> {
    return await this.#format.directories(this.#placeOf(this.#folders.get(key)));
  }

  async remove(key: string): Promise<void> {
    await this.#folders.remove(key);
  }

  async *walk(): AsyncGenerator<SnapshotInfo> {
    yield* this.#folders.list();
  }

  async reconcile(): Promise<void> {
    await this.#folders.reconcile();
    await this.#format.reconcile(this.#places());
  }

  async sync(): Promise<void> {
    const commits = this.#commits;
    if (this.#syncedCommits >= commits) return;
    await this.#format.sync(this.#root);
    this.#syncedCommits = Math.max(this.#syncedCommits, commits);
  }

  async close(): Promise<void> {
    await this.#format.close(this.#places());
  }

  async #rebase(key: string, parent: string, implied: readonly string[]): Promise<void> {
    this.#rows.setParent(key, parent);
    await this.#format.adopt!(this.#placeOf(this.#active(key)), implied);
  }

  #active(key: string): SnapshotRow {
    const row = this.#folders.get(key);
    if (row.kind !== "active") throw invalidArgument(`snapshot ${key} is not active`);
    return row;
  }

  #placeOf(row: SnapshotRow): SnapshotPlace {
    const parents = this.#rows.chain(row.key).slice(1);
    return {
      kind: row.kind,
      directory: this.#folders.pathOf(row),
      parents: parents.map((parent) => this.#folders.pathOf(parent)),
    };
  }

  #places(): SnapshotPlace[] {
    return this.#rows.list().map((row) => this.#placeOf(row));
  }
}

/** Errors: invalidArgument in docker's words for a layer on top of too many. */
function checkDepth({ parents }: SnapshotPlace): void {
  if (parents.length >= MAX_LAYERS) throw invalidArgument("max depth exceeded");
}
