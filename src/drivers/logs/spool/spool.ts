import { type FileHandle, open } from "node:fs/promises";
import { punchHole } from "../../../os/linux/punch-hole.ts";
import type { FileChanges } from "../../../os/linux/reactor/file-changes.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";

const BLOCK_BYTES = 4096;
/** Reclaiming less than this at a time is not worth the call. */
const RECLAIM_BYTES = 1024 * 1024;

/**
 * The monitor's log file, which grows as long as the container lives. What every driver has taken is given back to the
 * file system as holes: offsets stay valid, and the monitor, which appends, is never disturbed.
 */
export class Spool implements AsyncDisposable {
  readonly path: string;
  readonly #changes: FileChanges;
  #file: Promise<FileHandle> | undefined;
  #reclaimed = 0;
  #canReclaim = true;
  #nextChange: Promise<void> | undefined;
  #watch: Disposable | undefined;
  #wake: () => void = () => {};

  constructor(path: string, changes: FileChanges) {
    this.path = path;
    this.#changes = changes;
  }

  /** Bytes the monitor has written so far; 0 where the container's directory is gone. */
  async size(): Promise<number> {
    const file = await this.#open();
    return file ? (await file.stat()).size : 0;
  }

  /** Bytes from `offset` on, fewer than asked for at the end. */
  async read(offset: number, sizeBytes: number): Promise<Buffer> {
    const file = await this.#open();
    if (!file || sizeBytes <= 0) return Buffer.alloc(0);
    const buffer = Buffer.allocUnsafe(sizeBytes);
    const { bytesRead } = await file.read(buffer, 0, sizeBytes, offset);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Resolves at the next write, to be asked for before looking. Everyone shares one watch. Also resolves after `wake`.
   */
  changed(): Promise<void> {
    if (!this.#nextChange) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#nextChange = promise;
      this.#wake = () => {
        this.#nextChange = undefined;
        this.#watch?.[Symbol.dispose]();
        this.#watch = undefined;
        resolve();
      };
      this.#arm();
    }
    return this.#nextChange;
  }

  /** Ends everybody's wait. */
  wake(): void {
    if (this.#nextChange) this.#wake();
  }

  /** The file system may have back what is before `offset`. Errors: SyscallError. */
  async reclaim(offset: number, options: { readonly force: boolean }): Promise<void> {
    const end = Math.floor(offset / BLOCK_BYTES) * BLOCK_BYTES;
    const sizeBytes = end - this.#reclaimed;
    if (!this.#canReclaim || sizeBytes <= 0 || (sizeBytes < RECLAIM_BYTES && !options.force)) return;
    const file = await this.#open();
    if (!file) return;
    const from = this.#reclaimed;
    this.#reclaimed = end;
    try {
      await punchHole(file.fd, from, sizeBytes);
    } catch (error) {
      this.#canReclaim = false;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wake();
    const file = await this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #arm(): void {
    try {
      this.#watch = this.#changes.once(this.path, () => this.#wake());
    } catch (error) {
      // The container's directory is gone: nothing will be written any more.
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }

  async #open(): Promise<FileHandle | undefined> {
    try {
      // Made where it is not there: a file can be watched before the monitor has opened it to append.
      this.#file ??= open(this.path, "a+", 0o600);
      return await this.#file;
    } catch (error) {
      this.#file = undefined;
      if (isErrno(error, "ENOENT")) return undefined;
      throw error;
    }
  }
}
