import { type FileHandle, open, rename } from "node:fs/promises";
import type { StoreMark } from "../../core/logs/log-driver.ts";
import type { SpoolPosition } from "../../drivers/logs/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

/** What a sink has not got and never will. */
export interface LostOutput {
  readonly lines: number;
  readonly bytes: number;
}

/** How far a sink has got. */
export interface PumpPosition {
  readonly spool: SpoolPosition;
  /** What the store had by then. */
  readonly mark: StoreMark | undefined;
  /** What was lost and is not yet said in the log. */
  readonly lost: LostOutput;
}

export const START: PumpPosition = {
  spool: { offset: 0, held: {} },
  mark: undefined,
  lost: { lines: 0, bytes: 0 },
};

/** Each position covers the one before: shorter ones are filled up. */
const SIZE_STEP_BYTES = 512;

/**
 * A position beside the container. A crash of the engine leaves the old or the new one: a write of that size into the
 * page cache is not cut. Nothing is synced to the disk, as the logs are not.
 */
export class PositionFile implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | undefined;
  #sizeBytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The position that was stored last: `none` where none ever was, undefined where it cannot be read. */
  async load(): Promise<PumpPosition | "none" | undefined> {
    let text: string;
    try {
      this.#file ??= await open(this.#path, "r+");
      text = await this.#file.readFile("utf8");
    } catch (error) {
      if (isErrno(error, "ENOENT")) return "none";
      throw error;
    }
    this.#sizeBytes = Buffer.byteLength(text);
    return parsePosition(text);
  }

  async store(position: PumpPosition): Promise<void> {
    const text = JSON.stringify(position);
    const sizeBytes = Math.max(
      this.#sizeBytes,
      Math.ceil((text.length + 1) / SIZE_STEP_BYTES) * SIZE_STEP_BYTES,
    );
    const bytes = Buffer.from(text.padEnd(sizeBytes - 1).concat("\n"));
    if (this.#file) await this.#file.write(bytes, 0, sizeBytes, 0);
    else this.#file = await this.#create(bytes);
    this.#sizeBytes = sizeBytes;
  }

  /** The first position comes whole: an empty file would say that there was one. */
  async #create(bytes: Uint8Array): Promise<FileHandle> {
    const unfinished = `${this.#path}.new`;
    const file = await open(unfinished, "w+", 0o600);
    try {
      await file.write(bytes, 0, bytes.byteLength, 0);
      await rename(unfinished, this.#path);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

function parsePosition(text: string): PumpPosition | undefined {
  try {
    const { spool, mark, lost } = JSON.parse(text) as Partial<PumpPosition>;
    if (typeof spool?.offset !== "number" || typeof lost?.lines !== "number") return undefined;
    return { spool, mark, lost };
  } catch {
    // The host crashed before all of it was on the disk.
    return undefined;
  }
}
