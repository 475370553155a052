import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Semaphore } from "../../../base/async.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";

const CHUNK_BYTES = 256 * 1024;

/** One file of a log, open for reading. Closing it twice is harmless. */
export interface RotatedFile extends AsyncDisposable {
  readonly generation: number;
  /** Undefined where it is compressed. */
  readonly plain: FileHandle | undefined;
  /** What is in it from `offset` on up to its present end. A compressed file is read from its beginning only. */
  read(offset: number): AsyncGenerator<Buffer, void, undefined>;
}

/** The file of that age, plain or compressed; undefined where there is none. */
export async function openRotated(
  path: string,
  age: number,
  generation: number,
): Promise<RotatedFile | undefined> {
  const name = age === 0 ? path : `${path}.${age}`;
  const compressed = age === 0 ? undefined : await openIfThere(`${name}.gz`);
  // Where both are there the compressed one is whole: it got its name when it was.
  const plain = compressed ? undefined : await openIfThere(name);
  const file = compressed ?? plain;
  if (!file) return undefined;
  let closing: Promise<void> | undefined;
  return {
    generation,
    plain,
    read: (offset) => (compressed ? readCompressed(compressed) : readPlain(file, offset)),
    [Symbol.asyncDispose]() {
      closing ??= file.close();
      return closing;
    },
  };
}

/** `PATH` is replaced by `PATH.gz`. A crash leaves `PATH`, or both. */
export async function compressFile(path: string, renaming: Semaphore): Promise<void> {
  const unfinished = `${path}.gz.tmp`;
  try {
    await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: 0o640 }));
    using _turn = await renaming.acquire();
    await rename(unfinished, `${path}.gz`);
    await unlink(path);
  } catch (error) {
    await unlink(unfinished).catch(() => {
      // It was not there, or it stays for the next attempt to overwrite.
    });
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

async function* readPlain(file: FileHandle, offset: number): AsyncGenerator<Buffer, void, undefined> {
  let position = offset;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

async function* readCompressed(file: FileHandle): AsyncGenerator<Buffer, void, undefined> {
  const source = file.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  const piped = pipeline(source, unpacked);
  // Rejects when the reader stops early; a broken file is reported by the loop.
  piped.catch(() => {});
  for await (const chunk of unpacked) yield chunk as Buffer;
}
