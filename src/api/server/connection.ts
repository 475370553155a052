import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import { type HangUpWatch, unixDescriptor } from "./hang-up.ts";

/** Resolves when `stream` takes bytes again or is gone. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}

/** Bytes in both directions, each at the pace of its slower side. */
export interface Duplex {
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal;
  /** What comes next from the client; undefined once it has nothing more to say. */
  read(): Promise<Uint8Array | undefined>;
  /** Sends bytes; resolves when more may be sent. Bytes for a client that is gone are dropped. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Sends what is left and closes the sending side. */
  end(): void;
}

/**
 * A socket that was taken over from the HTTP server. It must have been made with half-open connections allowed, so
 * that each side can end its stream by itself.
 */
export class RawConnection implements Duplex {
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  #inputEnded = false;
  #hungUp = false;
  #wake: (() => void) | undefined;
  readonly #gone = new AbortController();

  /** `head` is what had arrived behind the request. Without a watch, a client is gone when it cannot be written to. */
  constructor(socket: Socket, head: Buffer, whenHungUp?: HangUpWatch) {
    this.#socket = socket;
    if (head.length > 0) this.#received.push(head);
    socket.on("data", (chunk: Buffer) => {
      this.#received.push(chunk);
      socket.pause();
      this.#wake?.();
    });
    socket.on("end", () => this.#endInput());
    // The close event that follows says all there is to do; without a listener the process would end.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#endInput();
      this.#gone.abort();
    });
    if (socket.destroyed) this.#gone.abort();
    else if (whenHungUp) this.#watch(whenHungUp);
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#received.shift();
      if (chunk) return chunk;
      if (this.#inputEnded) {
        if (this.#hungUp) this.#socket.destroy();
        return undefined;
      }
      const more = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#socket.resume();
      await more;
      this.#wake = undefined;
    }
  }

  /** Gives bytes back: the next `read` begins with them. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#received.unshift(bytes);
  }

  /** Exactly `length` bytes, or fewer where the input ends before. */
  async readExactly(length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const chunk = await this.read();
      if (!chunk) break;
      chunks.push(chunk.subarray(0, missing));
      this.unread(chunk.subarray(missing));
      missing -= Math.min(missing, chunk.length);
    }
    return Buffer.concat(chunks);
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    if (!this.#socket.write(bytes)) await drained(this.#socket);
  }

  /** The connection goes when the client closes its side too, or soon. */
  end(): void {
    if (this.#socket.destroyed) return;
    const clientIsDone = this.#inputEnded;
    this.#endInput();
    this.#socket.end();
    // Closing with unread input would make the kernel answer with a reset, and the client could lose the last output.
    this.#socket.removeAllListeners("data");
    this.#socket.resume();
    if (clientIsDone) this.#socket.destroySoon();
    else this.#socket.once("end", () => this.#socket.destroySoon());
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #endInput(): void {
    this.#inputEnded = true;
    this.#wake?.();
  }

  #watch(whenHungUp: HangUpWatch): void {
    const fd = unixDescriptor(this.#socket);
    if (fd === undefined) return;
    whenHungUp(fd, this.gone).then(
      () => this.#onHangUp(),
      () => {
        // The connection was closed from this side first.
      },
    );
  }

  /** Nobody reads any more. What the client had sent is still taken, unless its receiver has no use for it. */
  #onHangUp(): void {
    this.#hungUp = true;
    if (this.#inputEnded && this.#received.length === 0) {
      this.#socket.destroy();
      return;
    }
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
    this.#socket.once("close", () => clearTimeout(timer));
  }
}

/** How long a client may keep its side open after the engine closed its own, and its last input may wait after it went. */
const LINGER_MS = 10_000;
