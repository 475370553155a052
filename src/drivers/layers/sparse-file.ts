import { readSync } from "node:fs";
import { invalidArgument } from "../../base/errors.ts";
import { EROFS_BLOCK_BYTES, EROFS_HOLE, type ErofsContent } from "../../spec/erofs/mod.ts";
import { writeAll } from "./write-all.ts";

/** Bytes of a sparse file that are stored somewhere in the image already, but not where they can stay. */
export interface StoredRun {
  readonly offsetBytes: number;
  lengthBytes: number;
  readonly storedAt: number;
}

/** Eight blocks: a page. */
const MIN_CHUNK_BITS = 3;
const MAX_CHUNKS = 65_536;
const COPY_BYTES = 1024 * 1024;
const MAX_IMAGE_BYTES = EROFS_HOLE * EROFS_BLOCK_BYTES;

/** A file with holes on its way into an image: chunks that hold nothing take no space. */
export class SparseFile {
  /** Complete once `store` ran. */
  readonly content: ErofsContent;
  readonly #runs: readonly StoredRun[];
  readonly #chunkBytes: number;
  readonly #blocks: number[];

  constructor(sizeBytes: number, runs: readonly StoredRun[]) {
    let chunkBits = MIN_CHUNK_BITS;
    while (sizeBytes / (EROFS_BLOCK_BYTES * 2 ** chunkBits) > MAX_CHUNKS) chunkBits++;
    this.#chunkBytes = EROFS_BLOCK_BYTES * 2 ** chunkBits;
    this.#blocks = new Array<number>(Math.ceil(sizeBytes / this.#chunkBytes)).fill(EROFS_HOLE);
    this.#runs = runs;
    this.content = { kind: "chunks", sizeBytes, chunkBits, blocks: this.#blocks };
  }

  /** Copies the file's bytes to chunks from `startBytes` of the open image on; where the last chunk ends. */
  store(fd: number, startBytes: number): number {
    let end = startBytes;
    const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, this.#chunkBytes));
    for (const { offsetBytes, lengthBytes, storedAt } of this.#runs) {
      for (let done = 0; done < lengthBytes; ) {
        const at = offsetBytes + done;
        const chunk = Math.floor(at / this.#chunkBytes);
        if (this.#blocks[chunk] === EROFS_HOLE) {
          this.#blocks[chunk] = end / EROFS_BLOCK_BYTES;
          end += this.#chunkBytes;
          if (end >= MAX_IMAGE_BYTES) throw invalidArgument("the layer is too large for an EROFS image");
        }
        const inChunk = at % this.#chunkBytes;
        const taken = readSync(
          fd,
          buffer,
          0,
          Math.min(buffer.length, lengthBytes - done, this.#chunkBytes - inChunk),
          storedAt + done,
        );
        writeAll(fd, buffer.subarray(0, taken), this.#blocks[chunk]! * EROFS_BLOCK_BYTES + inChunk);
        done += taken;
      }
    }
    return end;
  }
}
