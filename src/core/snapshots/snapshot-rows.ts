import type { SnapshotKind, SnapshotUsage } from "./snapshotter.ts";

/**
 * How far a snapshot is. `making`: its directory may be missing or incomplete; `ready`: row and directory agree;
 * `removing`: it is gone for every user, its directory may still be there.
 */
export type SnapshotPhase = "making" | "ready" | "removing";

/** A snapshot as it is stored. */
export interface SnapshotRow {
  readonly key: string;
  readonly kind: SnapshotKind;
  /** Key of the parent. */
  readonly parent: string | undefined;
  /** Name of the snapshot's directory: small, and never given out twice. */
  readonly directory: number;
  readonly phase: SnapshotPhase;
  readonly createdAtMs: number;
  /** Undefined until it was counted. */
  readonly usage: SnapshotUsage | undefined;
}

/**
 * The stored snapshots of one driver. Synchronous and transactional: when a method returns, the change survives a crash.
 * A snapshot's ancestors cannot change while it is there.
 */
export interface SnapshotRows {
  /**
   * Adds a row in phase `making` with a directory of its own.
   * Errors: alreadyExists; notFound (parent missing or being removed); invalidArgument (parent not committed).
   */
  add(row: { readonly key: string; readonly kind: SnapshotKind; readonly parent?: string }): SnapshotRow;
  get(key: string): SnapshotRow | undefined;
  /** The snapshot and its ancestors, itself first. Empty where there is none. */
  chain(key: string): SnapshotRow[];
  /** All rows, in the order in which they were added. */
  list(): SnapshotRow[];
  /** The snapshot's directory is complete. */
  setReady(key: string): void;
  setUsage(key: string, usage: SnapshotUsage): void;
  /** Gives an active snapshot that has no parent one. Errors: notFound (either), invalidArgument (parent not committed; not active; has a parent). */
  setParent(key: string, parent: string): void;
  /** Turns the active snapshot `key` into the committed one `name`. Errors: notFound; alreadyExists; invalidArgument where it is not active. */
  commit(name: string, key: string): void;
  /** Marks a snapshot as `removing`. Errors: notFound; conflict where it is another one's parent. */
  setRemoving(key: string): void;
  /** Forgets a row; its key is free again. Idempotent. */
  remove(key: string): void;
}
