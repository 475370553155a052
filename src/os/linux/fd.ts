import { constants } from "node:fs";
import {
  AT_FDCWD,
  close,
  eventfd,
  fcntl,
  openat,
  pipe2,
  read,
  socketpair as socketpairCall,
  write,
} from "./libc.ts";
import { check, retryInterrupted } from "./syscall-error.ts";

export const O_CLOEXEC = 0x80000;
export const O_PATH = 0x200000;
export const O_NONBLOCK = constants.O_NONBLOCK;

const F_DUPFD_CLOEXEC = 1030;
const EFD_CLOEXEC = O_CLOEXEC;

/**
 * A descriptor with one owner, closed when the owner is disposed. Closing twice is harmless; using one that was
 * closed or released throws, since the number may already belong to somebody else.
 */
export class OwnedFd implements Disposable {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The descriptor's number, for as long as this object owns it. */
  get fd(): number {
    if (this.#fd < 0) throw new Error("the descriptor is closed");
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** The path under which other system calls reach the open file itself. */
  get procPath(): string {
    return `/proc/self/fd/${this.fd}`;
  }

  /** Hands the descriptor to the caller, who closes it from now on. */
  release(): number {
    const fd = this.fd;
    this.#fd = -1;
    return fd;
  }

  /** A second descriptor of the same open file. */
  duplicate(): OwnedFd {
    return duplicateFd(this.fd);
  }

  close(): void {
    if (this.#fd >= 0) closeFd(this.release());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Closes a descriptor. Linux frees the number even when it reports an error, so there is never a second try. */
export function closeFd(fd: number): void {
  close(fd);
}

/** Opens a path of the host with `O_CLOEXEC`. Errors: SyscallError of openat(2). */
export function openFd(path: string, flags: number, mode = 0): OwnedFd {
  return new OwnedFd(
    check(
      "openat",
      retryInterrupted(() => openat(AT_FDCWD, path, flags | O_CLOEXEC, mode)),
      path,
    ),
  );
}

/** A second descriptor of the same open file, closed on exec. */
export function duplicateFd(fd: number): OwnedFd {
  return new OwnedFd(check("fcntl", fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

export interface Pipe extends Disposable {
  readonly readEnd: OwnedFd;
  readonly writeEnd: OwnedFd;
}

function takePair(numbers: Int32Array): [OwnedFd, OwnedFd] {
  return [new OwnedFd(numbers[0]!), new OwnedFd(numbers[1]!)];
}

/** A pipe, closed on exec. `flags`: O_NONBLOCK and the like for both ends. */
export function openPipe(flags = 0): Pipe {
  const numbers = new Int32Array(2);
  check("pipe2", pipe2(numbers, flags | O_CLOEXEC));
  const [readEnd, writeEnd] = takePair(numbers);
  return {
    readEnd,
    writeEnd,
    [Symbol.dispose]() {
      readEnd.close();
      writeEnd.close();
    },
  };
}

/** Two connected unix sockets of that type (`SOCK_SEQPACKET` and so on), closed on exec. */
export function openSocketPair(type: number): [OwnedFd, OwnedFd] {
  const AF_UNIX = 1;
  const SOCK_CLOEXEC = O_CLOEXEC;
  const numbers = new Int32Array(2);
  check("socketpair", socketpairCall(AF_UNIX, type | SOCK_CLOEXEC, 0, numbers));
  return takePair(numbers);
}

/** An event counter, closed on exec and non-blocking. Source: eventfd(2). */
export function openEventFd(): OwnedFd {
  return new OwnedFd(check("eventfd", eventfd(0, EFD_CLOEXEC | O_NONBLOCK)));
}

/** Reads once into `buffer`; the number of bytes, 0 at the end. */
export function readFd(fd: number, buffer: Uint8Array): number {
  return check(
    "read",
    retryInterrupted(() => read(fd, buffer, buffer.byteLength)),
  );
}

/** Writes all of `bytes`. For descriptors that do not block: regular files, small messages into pipes. */
export function writeFd(fd: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.byteLength > 0) {
    const chunk = rest;
    const written = check(
      "write",
      retryInterrupted(() => write(fd, chunk, chunk.byteLength)),
    );
    rest = rest.subarray(written);
  }
}
