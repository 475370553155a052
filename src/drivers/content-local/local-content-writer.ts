import { createHash, type Hash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { algorithmOf, type Digest } from "../../base/digest.ts";
import { internal, invalidArgument } from "../../base/errors.ts";
import type { BlobInfo, ContentWriter } from "../../core/content/content-store.ts";
import type { LocalIngestFollower } from "./ingest-follower.ts";

const REHASH_BLOCK_BYTES = 1024 * 1024;

export interface WriterOptions {
  readonly ref: string;
  /** The ingest's folder, made already. */
  readonly folder: string;
  readonly blobPathOf: (digest: Digest) => string;
  /** Who wants to know what becomes of the bytes. */
  readonly followers: () => Iterable<LocalIngestFollower>;
  /** Called once, when the writer gives its ref back. */
  readonly onClosed: () => void;
}

/**
 * Appends to the data file of an ingest and hashes what it writes. A failed write leaves unknown bytes at the end, so
 * the writer refuses to go on; opening the ingest again hashes what is really there.
 */
export class LocalContentWriter implements ContentWriter {
  readonly #options: WriterOptions;
  readonly #file: FileHandle;
  /** sha256 of everything written; other algorithms are computed from the file when they are asked for. */
  #hash: Hash;
  #offsetBytes: number;
  #state: "open" | "failed" | "closed" = "open";

  private constructor(options: WriterOptions, file: FileHandle, hash: Hash, offsetBytes: number) {
    this.#options = options;
    this.#file = file;
    this.#hash = hash;
    this.#offsetBytes = offsetBytes;
  }

  static async open(options: WriterOptions): Promise<LocalContentWriter> {
    // Not "a+": an append-only descriptor ignores the offset after a truncation by somebody else.
    const path = join(options.folder, "data");
    const file = await open(path, "r+").catch((error) => {
      if (error.code === "ENOENT") return open(path, "wx+", 0o600);
      throw error;
    });
    try {
      const hash = createHash("sha256");
      const offsetBytes = await hashFile(file, hash);
      return new LocalContentWriter(options, file, hash, offsetBytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get ref(): string {
    return this.#options.ref;
  }

  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#expectOpen();
    let written = 0;
    try {
      const position = this.#offsetBytes;
      const writing = this.#writeAll(bytes, position);
      // While the kernel copies the bytes on another thread, this one hashes them.
      this.#hash.update(bytes);
      written = await writing;
    } catch (error) {
      this.#state = "failed";
      throw error;
    }
    this.#offsetBytes += written;
    const path = join(this.#options.folder, "data");
    for (const follower of this.#options.followers()) follower.grew(path, this.#offsetBytes);
  }

  async truncate(): Promise<void> {
    this.#expectOpen();
    this.#tellFollowers("failed");
    await this.#file.truncate(0);
    this.#hash = createHash("sha256");
    this.#offsetBytes = 0;
  }

  async commit(expected: { readonly digest: Digest; readonly sizeBytes?: number }): Promise<BlobInfo> {
    this.#expectOpen();
    try {
      await this.#verify(expected);
      this.#tellFollowers("verified");
    } catch (error) {
      await this.#finish();
      throw error;
    }
    const target = this.#options.blobPathOf(expected.digest);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await this.#file.chmod(0o444);
    // The order makes a blob whole after a power failure: its bytes, then its name, then the folder that holds it.
    await this.#file.sync();
    await rename(join(this.#options.folder, "data"), target);
    await syncFolder(dirname(target));
    const { ctimeMs } = await this.#file.stat();
    const info = {
      digest: expected.digest,
      sizeBytes: this.#offsetBytes,
      createdAtMs: Math.trunc(ctimeMs),
    };
    await this.#finish();
    return info;
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#tellFollowers("failed");
    try {
      await this.#file.close();
    } finally {
      this.#options.onClosed();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tellFollowers(end: "verified" | "failed"): void {
    for (const follower of this.#options.followers()) follower.end(end);
  }

  #expectOpen(): void {
    if (this.#state === "open") return;
    throw internal(`ingest ${this.ref} cannot be written: its writer has ${this.#state}`);
  }

  async #writeAll(bytes: Uint8Array, position: number): Promise<number> {
    let written = 0;
    while (written < bytes.byteLength) {
      const { bytesWritten } = await this.#file.write(
        bytes,
        written,
        bytes.byteLength - written,
        position + written,
      );
      written += bytesWritten;
    }
    return written;
  }

  async #verify({
    digest,
    sizeBytes,
  }: {
    readonly digest: Digest;
    readonly sizeBytes?: number;
  }): Promise<void> {
    if (sizeBytes !== undefined && sizeBytes !== this.#offsetBytes) {
      throw invalidArgument(`unexpected commit size ${this.#offsetBytes}, expected ${sizeBytes}`);
    }
    const actual = `${algorithmOf(digest)}:${await this.#hexDigest(algorithmOf(digest))}`;
    if (actual !== digest) throw invalidArgument(`unexpected commit digest ${actual}, expected ${digest}`);
  }

  async #hexDigest(algorithm: string): Promise<string> {
    if (algorithm === "sha256") return this.#hash.digest("hex");
    const hash = createHash(algorithm);
    await hashFile(this.#file, hash);
    return hash.digest("hex");
  }

  /** Gives the ref back and removes what is left of the ingest. */
  async #finish(): Promise<void> {
    try {
      await rm(this.#options.folder, { recursive: true, force: true });
    } finally {
      await this.close();
    }
  }
}

/** Feeds the whole file to `hash`; its size. */
async function hashFile(file: FileHandle, hash: Hash): Promise<number> {
  const block = Buffer.allocUnsafeSlow(REHASH_BLOCK_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(block, 0, block.byteLength, position);
    if (bytesRead === 0) return position;
    hash.update(block.subarray(0, bytesRead));
    position += bytesRead;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
