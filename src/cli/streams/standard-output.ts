import { write, writeSync } from "node:fs";
import type { WriteStream } from "node:tty";
import { type Sink, writeAll } from "./sink.ts";

/** Exit code of a program that a shell saw end by SIGPIPE. */
const SIGPIPE_EXIT = 141;

/**
 * The program's stdout or stderr. Bytes go out by plain system calls; the stream, which takes milliseconds to open, is
 * opened for who needs one. Once nobody reads (`gantry logs x | head -1`) the program ends as SIGPIPE would end it.
 */
export class StandardOutput implements Sink {
  readonly #process: NodeJS.Process;
  readonly #name: "stdout" | "stderr";
  readonly #fd: number;
  #stream: WriteStream | undefined;

  constructor(process: NodeJS.Process, name: "stdout" | "stderr") {
    this.#process = process;
    this.#name = name;
    this.#fd = name === "stdout" ? 1 : 2;
  }

  get stream(): WriteStream {
    if (this.#stream) return this.#stream;
    const stream = this.#process[this.#name];
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

  async send(bytes: Uint8Array): Promise<void> {
    const rest = this.#stream ? bytes : await this.#writeSoon(bytes);
    if (rest.length > 0) await writeAll(this.stream, rest);
  }

  /** Calls `done` when everything written so far has left the process. */
  flush(done: () => void): void {
    if (this.#stream) this.#stream.write("", done);
    else done();
  }

  /** Writes by system calls; what did not fit into a full pipe that somebody made non-blocking is left over. */
  #writeNow(bytes: Buffer): Buffer {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      if (failure.code !== "EAGAIN") this.#fail(failure);
    }
    return bytes.subarray(written);
  }

  /** As `#writeNow`, on another thread: a reader that takes its time does not keep signals from being handled. */
  #writeSoon(bytes: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const step = (rest: Uint8Array): void => {
      write(this.#fd, rest, (error, count) => {
        if (!error && count < rest.length) step(rest.subarray(count));
        else if (!error) resolve(new Uint8Array());
        else if (error.code === "EAGAIN") resolve(rest);
        else this.#fail(error, reject);
      });
    };
    step(bytes);
    return promise;
  }

  #fail(error: NodeJS.ErrnoException, reject: (error: Error) => void = raise): void {
    if (error.code === "EPIPE") this.#process.exit(SIGPIPE_EXIT);
    reject(error);
  }
}

function raise(error: Error): never {
  throw error;
}
