/** One mount that has to be made to see a snapshot: the arguments of mount(2). */
export interface SnapshotMount {
  /** `fuse-overlayfs`: an overlay that a program in user space makes. */
  readonly type: "overlay" | "bind" | "fuse-overlayfs";
  readonly source: string;
  /** Lower directories, topmost first (overlays only). */
  readonly lowerDirs?: readonly string[];
  readonly upperDir?: string;
  readonly workDir?: string;
  readonly readOnly: boolean;
}

export type SnapshotKind = "active" | "view" | "committed";

export interface SnapshotInfo {
  readonly key: string;
  readonly parent: string | undefined;
  readonly kind: SnapshotKind;
  readonly createdAtMs: number;
}

/** What a container asks of its snapshot. */
export interface SnapshotOptions {
  /** `--storage-opt` of docker, by key as given; what a key means is the driver's to say. Missing for layers. */
  readonly storageOptions?: Readonly<Record<string, string>>;
}

/** Disk space that a snapshot takes by itself, its parents left out. */
export interface SnapshotUsage {
  readonly sizeBytes: number;
  readonly inodes: number;
}

/** How one path of a snapshot differs from the parent. */
export interface SnapshotChange {
  /** Absolute path in the container's root. */
  readonly path: string;
  readonly kind: "added" | "modified" | "deleted";
  /** Set for something modified whose owner, mode or type is another: more than what is in it. */
  readonly hasOtherOwnerOrMode?: true;
}

/**
 * Layered file systems. A committed snapshot is immutable and can be a parent; an active one is writable and has one
 * user; a view is read-only. Keys share one name space: layers are named by their chainId, root file systems of
 * containers by the container's id.
 *
 * Life cycle: prepare(key, parent) → either mounted and written, or a layer unpacked into its `applyTarget`, not both →
 * commit(name, key), or remove(key).
 * After a crash: rows and directories agree once `reconcile()` ran; a half-made snapshot is gone. After a loss of power
 * this holds for what was committed before the last `sync()`.
 */
export interface Snapshotter {
  /** The driver's name as `docker info` shows it (`overlay2`, `vfs`, `btrfs`, `erofs`, `fuse-overlayfs`). */
  readonly name: string;
  /** Rows of `docker info` below `Storage Driver`. */
  status(): Promise<ReadonlyArray<readonly [label: string, value: string]>>;
  /**
   * Makes a writable snapshot on top of a committed parent. Errors: alreadyExists, notFound (parent), invalidArgument
   * (parent not committed; storage options that the driver or the file system does not have; too many layers).
   */
  prepare(key: string, parent?: string, options?: SnapshotOptions): Promise<void>;
  /** Makes a read-only snapshot. Errors as `prepare`. */
  view(key: string, parent: string): Promise<void>;
  /** Turns the active snapshot `key` into the committed snapshot `name`; its mounts must be gone. Errors: notFound, alreadyExists (name; `key` is kept), invalidArgument. */
  commit(name: string, key: string): Promise<void>;
  /**
   * Puts the active snapshot `key`, which was prepared without a parent and holds an unpacked layer, on top of a committed
   * one. The directories `implied` (byte strings, empty for the root) were made only because the layer has something in
   * them: they get owner, mode and attributes that they have in `parent`, where it has them. Drivers have this method
   * whose layers can be unpacked in any order. Errors: notFound, invalidArgument.
   */
  rebase?(key: string, parent: string, implied: readonly string[]): Promise<void>;
  /** What to mount to see an active snapshot or a view. Errors: notFound. */
  mounts(key: string): Promise<readonly SnapshotMount[]>;
  /** Where the layer `key` (active, as prepared) is unpacked, whiteouts in the driver's own form. */
  applyTarget(key: string): Promise<ApplyTarget>;
  /** Errors: notFound. */
  stat(key: string): Promise<SnapshotInfo>;
  usage(key: string): Promise<SnapshotUsage>;
  /** What an active snapshot changed against its parent, sorted by path. */
  changes(key: string): Promise<SnapshotChange[]>;
  /** Directories of a snapshot as overlays name them; undefined where the driver has no such directories. Errors: notFound. */
  directories(key: string): Promise<SnapshotDirectories | undefined>;
  /** Removes a snapshot. Idempotent. Errors: conflict where another snapshot has it as its parent. */
  remove(key: string): Promise<void>;
  walk(): AsyncIterable<SnapshotInfo>;
  /** Brings directories and rows to agreement after a crash; removes what no row names. */
  reconcile(): Promise<void>;
  /** What has been committed survives a loss of power. */
  sync(): Promise<void>;
  /** Gives back what is held for later use. Snapshots that are mounted stay mounted. */
  close(): Promise<void>;
}

/** The parts of a snapshot that is an overlay, or part of overlays. */
export interface SnapshotDirectories {
  /** The snapshot's own files, whiteouts in overlayfs's form. */
  readonly upper: string;
  /** Topmost first. */
  readonly lower: readonly string[];
  readonly work: string;
}

/** Where and how a layer's tar is unpacked. */
export type ApplyTarget = TreeTarget | ImageTarget;

/** A layer becomes an EROFS image: one file, complete and on disk once the layer is unpacked. */
export interface ImageTarget {
  /** Path of the file, made where it is missing. */
  readonly imageFile: string;
  /** As of `TreeTarget`. */
  readonly parents: readonly string[];
}

/** A layer becomes a tree of files. */
export interface TreeTarget {
  readonly directory: string;
  /** `overlay`: 0/0 character devices and the opaque xattr; `direct`: the tree holds the parent's files, and a whiteout removes. */
  readonly whiteouts: "overlay" | "direct";
  /**
   * Trees of the layers below, topmost first, where `directory` holds only the layer's own files: a directory that the
   * layer does not have, but needs for a file in it, gets owner, mode and attributes from there.
   */
  readonly parents?: readonly string[];
}
