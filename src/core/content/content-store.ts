import type { Digest } from "../../base/digest.ts";

/** What is known of a blob without reading it. */
export interface BlobInfo {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** When the blob was committed, in milliseconds since the epoch. */
  readonly createdAtMs: number;
}

/** What is known of an unfinished write. */
export interface IngestInfo {
  /** The caller's name for this write, such as `layer-sha256:…`; a later writer with the same ref resumes it. */
  readonly ref: string;
  /** Bytes that are already there. */
  readonly offsetBytes: number;
  /** Expected size, 0 where the writer did not know. */
  readonly totalBytes: number;
  readonly startedAtMs: number;
}

/**
 * An unfinished write. At most one writer holds a ref at a time.
 *
 * Life cycle: open → write* → commit | close. `close` without `commit` keeps the bytes, so that a later `openIngest`
 * with the same ref goes on at `offsetBytes`; `abortIngest` throws them away.
 */
export interface ContentWriter extends AsyncDisposable {
  readonly ref: string;
  /** Bytes written so far, those of earlier writers included. */
  readonly offsetBytes: number;
  /** Appends bytes; resolves when they may be reused. */
  write(bytes: Uint8Array): Promise<void>;
  /** Starts over at offset 0 (a server that ignored a range request). */
  truncate(): Promise<void>;
  /**
   * Makes the bytes a blob. Afterwards `info(digest)` answers and the blob survives a crash (data and directory are
   * synced). Committing what is already stored succeeds and drops the duplicate.
   * Errors: invalidArgument where the bytes do not have that digest or size; the ingest is dropped then, since its bytes are wrong.
   */
  commit(expected: { readonly digest: Digest; readonly sizeBytes?: number }): Promise<BlobInfo>;
  /** Gives the ref back and keeps the bytes. Idempotent. */
  close(): Promise<void>;
}

/** The bytes of a write while they come, for a reader in this process. Disposing closes the descriptor. */
export interface IngestFollower extends Disposable {
  /** A descriptor of the file that the bytes are appended to, once a writer has brought some. It stays good when they become a blob. */
  readonly opened: Promise<number>;
  /**
   * How many bytes are there, again whenever there are more; ends when their digest was found right.
   * Errors: unavailable where it was wrong, and where the writer starts over or gives up.
   */
  readonly growth: AsyncIterable<number>;
  /** Whether bytes that were told of have been thrown away since: found wrong, or given up by their writer. */
  readonly misled: boolean;
}

/**
 * The store of immutable bytes named by their digest. A name is never trusted: bytes are hashed while they are
 * written, and only a match makes them a blob.
 *
 * After a crash: every committed blob is whole; unfinished ingests are there with their offset.
 */
export interface ContentStore {
  /** Errors: notFound. */
  info(digest: Digest): Promise<BlobInfo>;
  /** Whether the blob is there. */
  has(digest: Digest): Promise<boolean>;
  /** The bytes from `offsetBytes` on, as a stream of chunks. Errors: notFound, before the first chunk. */
  read(digest: Digest, options?: { readonly offsetBytes?: number }): AsyncIterable<Uint8Array>;
  /** The whole blob. Errors: notFound; invalidArgument where it is larger than `maxBytes` (default 4 MiB: manifests and configs). */
  readAll(digest: Digest, maxBytes?: number): Promise<Uint8Array>;
  /** Path of the blob's file, for readers in another thread or process. The file must not be changed. */
  pathOf(digest: Digest): string;
  /** Opens or resumes a write. Errors: unavailable where another writer holds `ref`. */
  openIngest(ref: string, options?: { readonly totalBytes?: number }): Promise<ContentWriter>;
  /** Follows the writer of `ref`: the one that has it open, or the next that opens it. */
  follow(ref: string): IngestFollower;
  /** Unfinished writes, oldest first. */
  listIngests(): Promise<IngestInfo[]>;
  /** Throws an unfinished write away. Idempotent. Errors: unavailable while a writer holds it. */
  abortIngest(ref: string): Promise<void>;
  /** All blobs, in no order. */
  walk(): AsyncIterable<BlobInfo>;
  /** Removes a blob. The caller has made sure that nothing needs it (`leases`, images). Idempotent. */
  delete(digest: Digest): Promise<void>;
}
