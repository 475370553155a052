import { writeSync } from "node:fs";
import type { WriteStream } from "node:tty";

/** Exit code of a program that a shell saw end by SIGPIPE. */
const SIGPIPE_EXIT = 141;
const STDOUT_FD = 1;

/**
 * The program's stdout. Finished text goes out by plain system calls; the stream, which takes milliseconds to open, is
 * opened for who needs one. Once nobody reads (`gantry logs x | head -1`) the program ends as SIGPIPE would end it.
 */
export class StandardOutput {
  readonly #process: NodeJS.Process;
  #stream: WriteStream | undefined;

  constructor(process: NodeJS.Process) {
    this.#process = process;
  }

  get stream(): WriteStream {
    if (this.#stream) return this.#stream;
    const stream = this.#process.stdout;
    const onError = (error: NodeJS.ErrnoException) => this.#fail(error);
    stream.on("error", onError);
    this.#process.on("uncaughtException", onError);
    this.#stream = stream;
    return stream;
  }

  /** Writes text in order with everything written before. */
  write(text: string): void {
    const rest = this.#stream ? Buffer.from(text) : this.#writeNow(Buffer.from(text));
    if (rest.length > 0) this.stream.write(rest);
  }

  /** Writes by system calls; what did not fit into a full pipe that somebody made non-blocking is left over. */
  #writeNow(bytes: Buffer): Buffer {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(STDOUT_FD, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") this.#fail(error as NodeJS.ErrnoException);
    }
    return bytes.subarray(written);
  }

  /** Calls `done` when everything written so far has left the process. */
  flush(done: () => void): void {
    if (this.#stream) this.#stream.write("", done);
    else done();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code === "EPIPE") this.#process.exit(SIGPIPE_EXIT);
    throw error;
  }
}
