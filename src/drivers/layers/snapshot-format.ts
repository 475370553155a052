import type {
  ApplyTarget,
  SnapshotChange,
  SnapshotDirectories,
  SnapshotKind,
  SnapshotMount,
  SnapshotOptions,
  SnapshotUsage,
} from "../../core/snapshots/snapshotter.ts";

/** One snapshot as a format sees it. */
export interface SnapshotPlace {
  readonly kind: SnapshotKind;
  /** Path of the directory that is the snapshot's alone. */
  readonly directory: string;
  /** Directories of the ancestors, nearest first. */
  readonly parents: readonly string[];
}

/**
 * How a driver keeps a snapshot in its directory. Keys, rows, checks of kinds and the order of steps are
 * `FolderSnapshotter`'s; a format is only asked for what fits the snapshot's kind.
 */
export interface SnapshotFormat {
  /** The driver's name, as of `Snapshotter`. */
  readonly name: string;
  /** As of `Snapshotter`. */
  status(): Promise<ReadonlyArray<readonly [label: string, value: string]>>;
  /** Throws where a container cannot have these options. Errors: invalidArgument. */
  checkOptions(options: SnapshotOptions): void;
  /** Fills the new, empty directory of an active snapshot. What it leaves behind when it fails is discarded. */
  create(place: SnapshotPlace, options: SnapshotOptions): Promise<void>;
  /** Of an active snapshot or a view. */
  mounts(place: SnapshotPlace): Promise<readonly SnapshotMount[]>;
  /** Of an active snapshot. */
  applyTarget(place: SnapshotPlace): Promise<ApplyTarget>;
  /**
   * An active snapshot, filled before it had parents, fits on them: its `implied` directories are like theirs. Formats
   * without this need the parents first. As `rebase` of `Snapshotter`.
   */
  adopt?(place: SnapshotPlace, implied: readonly string[]): Promise<void>;
  /** The last step before an active snapshot is committed. May run twice. */
  seal(place: SnapshotPlace): Promise<void>;
  /** Of an active or committed snapshot. */
  measure(place: SnapshotPlace): Promise<SnapshotUsage>;
  /** Of an active snapshot. */
  changes(place: SnapshotPlace): Promise<SnapshotChange[]>;
  /** As of `Snapshotter`; they can be looked into. */
  directories(place: SnapshotPlace): Promise<SnapshotDirectories | undefined>;
  /** What was sealed has reached the disk that `root` is on. */
  sync(root: string): Promise<void>;
  /** The directory is gone with all in it, however complete it is. Idempotent. */
  discard(directory: string): Promise<void>;
  /** As of `Snapshotter`; comes after the directories have been put right. */
  reconcile(places: readonly SnapshotPlace[]): Promise<void>;
  close(places: readonly SnapshotPlace[]): Promise<void>;
}
