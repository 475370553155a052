import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { internal, invalidArgument } from "../../base/errors.ts";
import type { ImageTarget } from "../../core/snapshots/snapshotter.ts";
import { EROFS_BLOCK_BYTES, EROFS_DATA_START_BYTES, encodeErofs } from "../../spec/erofs/mod.ts";
import type { TarEntry } from "../../spec/tar/mod.ts";
import { contentOf, ImageTree } from "./image-tree.ts";
import type { LayerSink } from "./layer-sink.ts";
import { SparseFile, type StoredRun } from "./sparse-file.ts";
import { writeAll } from "./write-all.ts";

/** The tree is kept in memory until the end: a kilobyte or so a member. */
const MAX_ENTRIES = 2_000_000;
const PAGE_BYTES = 4096;
const { O_CREAT, O_RDWR, O_TRUNC } = constants;

/** The image's first kilobyte is free for others: there the length of the tar is kept. */
const ARCHIVE_LENGTH_OFFSET = 0;
const READ_BYTES = 1024 * 1024;

export interface ImageLimits {
  /** Members that are accepted before the layer is refused. */
  readonly maxEntries?: number;
}

interface OpenFile {
  readonly entry: TarEntry;
  /** Where its bytes begin in the image. */
  readonly startBytes: number;
  storedBytes: number;
  readonly runs: StoredRun[];
}

/**
 * Makes the EROFS image of a layer while its tar arrives. The tar is written into the image as it is: the contents of its
 * members stand in whole blocks there, and the metadata that comes last points to them. Sparse files, whose pieces do not,
 * are copied behind the tar. The tree is the same that `LayerWriter` makes for an overlay.
 *
 * Runs on the calling thread. After `finish` the image is complete and on disk. Errors: invalidArgument for a hostile
 * or broken layer; those of file operations (ENOSPC …).
 */
export class ImageWriter implements LayerSink {
  readonly #target: ImageTarget;
  readonly #tree: ImageTree;
  readonly #maxEntries: number;
  readonly #fd: number;
  #archiveBytes = 0;
  #file: OpenFile | undefined;
  readonly #sparseFiles: SparseFile[] = [];
  #entries = 0;

  constructor(target: ImageTarget, limits: ImageLimits = {}, flags = O_CREAT | O_TRUNC) {
    this.#target = target;
    this.#tree = new ImageTree(target.parents);
    this.#maxEntries = limits.maxEntries ?? MAX_ENTRIES;
    this.#fd = openSync(target.imageFile, flags | O_RDWR, 0o600);
  }

  /** A writer of the same image again, to be fed with its `storedArchive` alone. Errors: ENOENT. */
  static reopen(target: ImageTarget): ImageWriter {
    const writer = new ImageWriter(target, {}, 0);
    const length = Buffer.alloc(8);
    readSync(writer.#fd, length, 0, length.length, ARCHIVE_LENGTH_OFFSET);
    writer.#archiveBytes = Number(length.readBigUInt64LE());
    return writer;
  }

  /** The tar that is in the image, in pieces; each is valid until the next one is asked for. */
  *storedArchive(): Generator<Buffer> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (let done = 0; done < this.#archiveBytes; ) {
      const wanted = Math.min(buffer.length, this.#archiveBytes - done);
      const taken = readSync(this.#fd, buffer, 0, wanted, EROFS_DATA_START_BYTES + done);
      if (taken === 0) throw internal(`the image ${this.#target.imageFile} is cut`);
      yield buffer.subarray(0, taken);
      done += taken;
    }
  }

  get entries(): number {
    return this.#entries;
  }

  raw(bytes: Uint8Array): void {
    writeAll(this.#fd, bytes, EROFS_DATA_START_BYTES + this.#archiveBytes);
    this.#archiveBytes += bytes.byteLength;
  }

  get implied(): readonly string[] {
    return this.#target.parents.length > 0 ? [] : this.#tree.implied;
  }

  entry(entry: TarEntry, contentOffset: number): void {
    if (++this.#entries > this.#maxEntries) {
      throw invalidArgument(`the layer has more than ${this.#maxEntries} entries`);
    }
    const startBytes = EROFS_DATA_START_BYTES + contentOffset;
    if (entry.type === "file") this.#file = { entry, startBytes, storedBytes: 0, runs: [] };
    else this.#tree.add(entry, contentOf(entry));
  }

  data(bytes: Buffer, offsetBytes: number): void {
    const file = this.#file!;
    const last = file.runs.at(-1);
    if (last && last.offsetBytes + last.lengthBytes === offsetBytes) last.lengthBytes += bytes.length;
    else {
      const storedAt = file.startBytes + file.storedBytes;
      file.runs.push({ offsetBytes, lengthBytes: bytes.length, storedAt });
    }
    file.storedBytes += bytes.length;
  }

  end(): void {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    const { entry, runs, startBytes, storedBytes } = file;
    if (storedBytes === entry.sizeBytes && runs.length <= 1) {
      const startBlock = startBytes / EROFS_BLOCK_BYTES;
      this.#tree.add(entry, { kind: "extent", sizeBytes: entry.sizeBytes, startBlock });
      return;
    }
    const sparse = new SparseFile(entry.sizeBytes, runs);
    this.#sparseFiles.push(sparse);
    this.#tree.add(entry, sparse.content);
  }

  finish(): void {
    this.#tree.finish();
    let end = align(EROFS_DATA_START_BYTES + this.#archiveBytes);
    for (const file of this.#sparseFiles) end = file.store(this.#fd, end);
    const { head, metadata } = encodeErofs(this.#tree.root, end);
    writeAll(this.#fd, metadata, end);
    // The kernel reads whole pages.
    ftruncateSync(this.#fd, align(end + metadata.length));
    head.writeBigUInt64LE(BigInt(this.#archiveBytes), ARCHIVE_LENGTH_OFFSET);
    // Last: without a head the file is no image.
    writeAll(this.#fd, head, 0);
    fsyncSync(this.#fd);
    syncDirectory(dirname(this.#target.imageFile));
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function align(value: number): number {
  return Math.ceil(value / PAGE_BYTES) * PAGE_BYTES;
}
