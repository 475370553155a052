import { type FileHandle, mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { Semaphore } from "../../../base/async.ts";
import { messageOf } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";
import type { LogStore, StoreMark } from "../../../core/logs/log-driver.ts";
import type { LogEntry, LogQuery } from "../../../core/logs/log-store.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";
import type { LogFormat } from "./log-format.ts";
import { readFiles } from "./read-files.ts";
import { compressFile, openRotated, type RotatedFile } from "./rotated-file.ts";

/** How much of a log is kept. */
export interface RotationLimits {
  /** A file is closed by the entry that reaches this; undefined for one file without a bound. */
  readonly maxFileBytes: number | undefined;
  readonly maxFiles: number;
  /** Whether files that are closed are compressed. */
  readonly compress: boolean;
}

export interface RotatingLogOptions {
  readonly path: string;
  readonly format: LogFormat;
  readonly limits: RotationLimits;
  readonly logger: Logger;
}

const FILE_MODE = 0o640;
/** Entries are encoded and written in groups of about this size. */
const WRITE_BYTES = 256 * 1024;

/** A log in a file and older files beside it, `PATH.1` the youngest of those, some of them compressed as `PATH.N.gz`. */
export class RotatingLog implements LogStore {
  readonly #options: RotatingLogOptions;
  /** Files change their names only in here. */
  readonly #renaming = new Semaphore(1);
  #file: FileHandle | undefined;
  #mark: StoreMark | undefined;
  /** Counts rotations. */
  #generation = 0;
  #compressing: Promise<void> = Promise.resolve();
  #appended = Promise.withResolvers<void>();

  constructor(options: RotatingLogOptions) {
    this.#options = options;
  }

  mark(): StoreMark | undefined {
    return this.#mark;
  }

  async rollBack(mark: StoreMark): Promise<void> {
    const file = await this.#open();
    const present = await markOf(file);
    // A file that is younger than the mark has nothing in it that was acknowledged.
    const keptBytes = present.file === mark.file ? mark.sizeBytes : 0;
    if (present.sizeBytes > keptBytes) await file.truncate(keptBytes);
    this.#mark = await markOf(file);
  }

  async write(entries: readonly LogEntry[]): Promise<number> {
    const { maxFileBytes } = this.#options.limits;
    let file = await this.#open();
    // Asked of the file itself: people empty logs with truncate(1).
    let { sizeBytes } = await markOf(file);
    if (maxFileBytes !== undefined && sizeBytes >= maxFileBytes) {
      await this.#rotate();
      file = await this.#open();
      ({ sizeBytes } = await markOf(file));
    }
    const { bytes, count } = encodeEntries(
      this.#options.format,
      entries,
      (maxFileBytes ?? Infinity) - sizeBytes,
    );
    await appendWhole(file, bytes, sizeBytes);
    this.#mark = { ...(await markOf(file)), sizeBytes: sizeBytes + bytes.byteLength };
    this.#announce();
    return count;
  }

  read(query: LogQuery, more?: () => Promise<boolean>): AsyncIterable<readonly LogEntry[]> {
    return readFiles(this.#options.format, query, {
      snapshot: () => this.#snapshot(),
      next: (generation) => this.#openGeneration(generation),
      generation: () => this.#generation,
      ...(more ? { more } : {}),
    });
  }

  appended(): Promise<void> {
    return this.#appended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#announce();
    await this.#compressing;
    await this.#file?.close();
    this.#file = undefined;
  }

  #announce(): void {
    this.#appended.resolve();
    this.#appended = Promise.withResolvers();
  }

  async #open(): Promise<FileHandle> {
    this.#file ??= await openInDirectory(this.#options.path);
    return this.#file;
  }

  /**
   * The log goes on in a new file. Nothing is in it before a position that knows the old one was stored: that is what
   * lets `rollBack` tell by the file alone.
   */
  async #rotate(): Promise<void> {
    await this.#compressing;
    const { path, limits } = this.#options;
    using _turn = await this.#renaming.acquire();
    if (limits.maxFiles === 1) {
      await unlinkIfThere(path);
    } else {
      const oldest = limits.maxFiles - 1;
      await unlinkIfThere(`${path}.${oldest}`);
      await unlinkIfThere(`${path}.${oldest}.gz`);
      for (let age = oldest - 1; age >= 1; age--) {
        await renameIfThere(`${path}.${age}`, `${path}.${age + 1}`);
        await renameIfThere(`${path}.${age}.gz`, `${path}.${age + 1}.gz`);
      }
      await renameIfThere(path, `${path}.1`);
    }
    this.#generation++;
    const old = this.#file;
    this.#file = undefined;
    await old?.close();
    if (limits.compress && limits.maxFiles > 1) this.#compressing = this.#compress(`${path}.1`);
  }

  async #compress(path: string): Promise<void> {
    try {
      await compressFile(path, this.#renaming);
    } catch (error) {
      // The file stays readable as it is.
      this.#options.logger.warn({ path, error: messageOf(error) }, "compressing a rotated log failed");
    }
  }

  /** Every file of the log, oldest first, the present one last. */
  async #snapshot(): Promise<RotatedFile[]> {
    try {
      // A follower that has the file open from the first keeps it when the container is removed.
      await this.#open();
    } catch (error) {
      const { path, logger } = this.#options;
      logger.debug({ path, error: messageOf(error) }, "a log is read before it can be written");
    }
    using _turn = await this.#renaming.acquire();
    const files: RotatedFile[] = [];
    for (let age = this.#options.limits.maxFiles - 1; age >= 0; age--) {
      const file = await openRotated(this.#options.path, age, this.#generation - age);
      if (file) files.push(file);
    }
    return files;
  }

  /** The file of a generation, or the oldest that is younger and still there; undefined where there is none yet. */
  async #openGeneration(generation: number): Promise<RotatedFile | undefined> {
    using _turn = await this.#renaming.acquire();
    const oldest = this.#options.limits.maxFiles - 1;
    for (let age = Math.min(oldest, this.#generation - generation); age >= 0; age--) {
      const file = await openRotated(this.#options.path, age, this.#generation - age);
      if (file) return file;
    }
    return undefined;
  }
}

function encodeEntries(
  format: LogFormat,
  entries: readonly LogEntry[],
  roomBytes: number,
): { readonly bytes: Buffer; readonly count: number } {
  const limitBytes = Math.min(roomBytes, WRITE_BYTES);
  const pieces: Buffer[] = [];
  let text = "";
  let sizeBytes = 0;
  let count = 0;
  for (; count < entries.length && (count === 0 || sizeBytes < limitBytes); count++) {
    const encoded = format.encode(entries[count]!);
    if (typeof encoded === "string") {
      text += encoded;
      // Counted exactly near the bound only: elsewhere characters are good enough.
      sizeBytes += roomBytes < WRITE_BYTES ? Buffer.byteLength(encoded) : encoded.length;
    } else {
      pieces.push(encoded);
      sizeBytes += encoded.byteLength;
    }
  }
  return { bytes: text === "" ? Buffer.concat(pieces) : Buffer.from(text), count };
}

async function openInDirectory(path: string): Promise<FileHandle> {
  try {
    return await open(path, "a+", FILE_MODE);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
    // Its parent is the container's directory: where that is gone nothing may come back.
    await mkdir(dirname(path), { mode: 0o700 });
    return await open(path, "a+", FILE_MODE);
  }
}

/** Appends all of `bytes` or nothing. */
async function appendWhole(file: FileHandle, bytes: Buffer, sizeBytes: number): Promise<void> {
  let written = 0;
  try {
    while (written < bytes.byteLength) {
      const { bytesWritten } = await file.write(bytes, written);
      written += bytesWritten;
    }
  } catch (error) {
    if (written > 0) await file.truncate(sizeBytes);
    throw error;
  }
}

/** A number can be given again to a new file; together with the time the file was made it is not. */
async function markOf(file: FileHandle): Promise<StoreMark> {
  const { dev, ino, birthtimeMs, size } = await file.stat();
  return { file: `${dev}:${ino}:${birthtimeMs}`, sizeBytes: size };
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await stat(from);
    await rename(from, to);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
