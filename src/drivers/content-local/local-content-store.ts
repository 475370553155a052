import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, mkdir, open, opendir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { algorithmOf, type Digest, hexOf, isDigest } from "../../base/digest.ts";
import { invalidArgument, notFound, unavailable } from "../../base/errors.ts";
import type {
  BlobInfo,
  ContentStore,
  ContentWriter,
  IngestFollower,
  IngestInfo,
} from "../../core/content/content-store.ts";
import { LocalIngestFollower } from "./ingest-follower.ts";
import { LocalContentWriter } from "./local-content-writer.ts";
import { isMissing } from "./missing-file.ts";

const READ_BLOCK_BYTES = 1024 * 1024;
const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

const REF_FILE = "ref.json";

/** What `ref.json` of an ingest holds. */
interface StoredIngest {
  readonly ref: string;
  readonly totalBytes: number;
  readonly startedAtMs: number;
}

/**
 * Blobs as files of one folder:
 *
 *   <root>/blobs/<algorithm>/<hex>        a committed blob, mode 0444
 *   <root>/ingest/<sha256 of ref>/data    bytes of an unfinished write
 *   <root>/ingest/<sha256 of ref>/ref.json
 *
 * One process uses a root at a time.
 */
export class LocalContentStore implements ContentStore {
  readonly #blobs: string;
  readonly #ingests: string;
  readonly #heldRefs = new Set<string>();
  /** By ref. */
  readonly #followers = new Map<string, Set<LocalIngestFollower>>();

  constructor(root: string) {
    this.#blobs = join(root, "blobs");
    this.#ingests = join(root, "ingest");
    mkdirSync(join(this.#blobs, "sha256"), { recursive: true, mode: 0o700 });
    mkdirSync(this.#ingests, { recursive: true, mode: 0o700 });
    this.#removeUnstarted();
  }

  async info(digest: Digest): Promise<BlobInfo> {
    try {
      const stats = await stat(this.pathOf(digest));
      return { digest, sizeBytes: stats.size, createdAtMs: Math.trunc(stats.ctimeMs) };
    } catch (error) {
      throw isMissing(error) ? blobNotFound(digest, error) : error;
    }
  }

  async has(digest: Digest): Promise<boolean> {
    try {
      await stat(this.pathOf(digest));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async *read(digest: Digest, options: { readonly offsetBytes?: number } = {}): AsyncGenerator<Uint8Array> {
    await using file = await this.#open(digest);
    let position = options.offsetBytes ?? 0;
    for (;;) {
      // A block of its own for each turn: the consumer may keep what it was given.
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafeSlow(READ_BLOCK_BYTES),
        0,
        READ_BLOCK_BYTES,
        position,
      );
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  async readAll(digest: Digest, maxBytes = MAX_DOCUMENT_BYTES): Promise<Uint8Array> {
    await using file = await this.#open(digest);
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw invalidArgument(`content ${digest} has ${size} bytes, more than the ${maxBytes} allowed here`);
    }
    return await file.readFile();
  }

  pathOf(digest: Digest): string {
    // The digest becomes a path: whatever its type says, nothing but digits may get there.
    if (!isDigest(digest)) throw invalidArgument(`invalid checksum digest format: ${JSON.stringify(digest)}`);
    return join(this.#blobs, algorithmOf(digest), hexOf(digest));
  }

  async openIngest(ref: string, options: { readonly totalBytes?: number } = {}): Promise<ContentWriter> {
    this.#hold(ref);
    try {
      const folder = this.#ingestFolder(ref);
      const known = await readIngest(folder);
      if (known === undefined) {
        await rm(folder, { recursive: true, force: true });
        await startIngest(folder, { ref, totalBytes: options.totalBytes ?? 0, startedAtMs: Date.now() });
      }
      return await LocalContentWriter.open({
        ref,
        folder,
        blobPathOf: (digest) => this.pathOf(digest),
        followers: () => this.#followers.get(ref) ?? [],
        onClosed: () => this.#heldRefs.delete(ref),
      });
    } catch (error) {
      this.#heldRefs.delete(ref);
      throw error;
    }
  }

  follow(ref: string): IngestFollower {
    const followers = this.#followers.get(ref) ?? new Set();
    this.#followers.set(ref, followers);
    const follower = new LocalIngestFollower((gone) => {
      followers.delete(gone);
      if (followers.size === 0 && this.#followers.get(ref) === followers) this.#followers.delete(ref);
    });
    followers.add(follower);
    return follower;
  }

  async listIngests(): Promise<IngestInfo[]> {
    const found: IngestInfo[] = [];
    for (const name of await readdir(this.#ingests)) {
      const folder = join(this.#ingests, name);
      const stored = await readIngest(folder);
      if (stored === undefined) continue;
      found.push({ ...stored, offsetBytes: await sizeOf(join(folder, "data")) });
    }
    return found.sort((a, b) => a.startedAtMs - b.startedAtMs || (a.ref < b.ref ? -1 : 1));
  }

  async abortIngest(ref: string): Promise<void> {
    this.#hold(ref);
    try {
      await rm(this.#ingestFolder(ref), { recursive: true, force: true });
    } finally {
      this.#heldRefs.delete(ref);
    }
  }

  async *walk(): AsyncGenerator<BlobInfo> {
    for (const algorithm of await readdir(this.#blobs)) {
      for await (const entry of await opendir(join(this.#blobs, algorithm))) {
        const digest = `${algorithm}:${entry.name}`;
        if (!isDigest(digest)) continue;
        try {
          yield await this.info(digest);
        } catch (error) {
          // Deleted since the folder was read: it is no longer one of "all blobs".
          if (!(await this.has(digest))) continue;
          throw error;
        }
      }
    }
  }

  async delete(digest: Digest): Promise<void> {
    await rm(this.pathOf(digest), { force: true });
  }

  /** A crash came while these ingests were started: nothing of them is told by `listIngests`, so nobody would drop them. */
  #removeUnstarted(): void {
    for (const name of readdirSync(this.#ingests)) {
      const folder = join(this.#ingests, name);
      if (!existsSync(join(folder, REF_FILE))) rmSync(folder, { recursive: true, force: true });
    }
  }

  #hold(ref: string): void {
    if (this.#heldRefs.has(ref)) throw unavailable(`ingest ${ref} is being written by another writer`);
    this.#heldRefs.add(ref);
  }

  #ingestFolder(ref: string): string {
    return join(this.#ingests, createHash("sha256").update(ref).digest("hex"));
  }

  async #open(digest: Digest): Promise<FileHandle> {
    try {
      return await open(this.pathOf(digest), "r");
    } catch (error) {
      throw isMissing(error) ? blobNotFound(digest, error) : error;
    }
  }
}

function blobNotFound(digest: Digest, cause: unknown): Error {
  return notFound(`content digest ${digest}: not found`, { cause });
}

/** The ingest in `folder`; undefined where there is none, or one whose start a crash cut short. */
async function readIngest(folder: string): Promise<StoredIngest | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, REF_FILE), "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return JSON.parse(text) as StoredIngest;
}

/** Makes the ingest's folder. `ref.json` appears whole or not at all, and nothing without it counts. */
async function startIngest(folder: string, ingest: StoredIngest): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const file = await open(join(folder, `${REF_FILE}.new`), "wx", 0o600);
  try {
    await file.writeFile(JSON.stringify(ingest));
  } finally {
    await file.close();
  }
  await rename(join(folder, `${REF_FILE}.new`), join(folder, REF_FILE));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
