import { constants } from "node:fs";
import { lastErrno } from "../ffi/native.ts";
import { ERRNO } from "./errno.ts";
import { O_NONBLOCK, type OwnedFd, openFd } from "./fd.ts";
import { AT_FDCWD, mknodat, write } from "./libc.ts";
import type { Reactor } from "./reactor/reactor.ts";
import { S_IF } from "./stat.ts";
import { check, isErrno, SyscallError } from "./syscall-error.ts";

/** A named pipe is there that only its owner opens. Errors: SyscallError, EEXIST. Source: mkfifo(3). */
export function makeFifo(path: string): void {
  check("mknodat", mknodat(AT_FDCWD, path, S_IF.fifo | 0o600, 0n), path);
}

/** The writing end of a named pipe. Never blocks: whoever reads slowly makes `write` wait, and nobody else. */
export class FifoWriter implements Disposable {
  readonly #reactor: Reactor;
  readonly #pipe: OwnedFd;

  private constructor(reactor: Reactor, pipe: OwnedFd) {
    this.#reactor = reactor;
    this.#pipe = pipe;
  }

  /** Undefined where nobody reads, or waits to. Errors: SyscallError. Source: fifo(7), ENXIO. */
  static open(reactor: Reactor, path: string): FifoWriter | undefined {
    try {
      return new FifoWriter(reactor, openFd(path, constants.O_WRONLY | O_NONBLOCK));
    } catch (error) {
      if (isErrno(error, "ENXIO")) return undefined;
      throw error;
    }
  }

  /**
   * Resolves when the pipe has all of `bytes`. A rejection leaves a part of them in the pipe. Errors: SyscallError, EPIPE
   * where the reader is gone; the signal's reason.
   */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (let rest = bytes; rest.byteLength > 0; ) {
      const written = Number(write(this.#pipe.fd, rest, rest.byteLength));
      if (written >= 0) {
        rest = rest.subarray(written);
        continue;
      }
      const errno = lastErrno();
      if (errno !== ERRNO.EAGAIN && errno !== ERRNO.EINTR) throw new SyscallError("write", errno);
      await this.#reactor.writable(this.#pipe.fd, signal, { keepAlive: false });
    }
  }

  [Symbol.dispose](): void {
    this.#pipe.close();
  }
}
