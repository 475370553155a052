import { lastErrno } from "../ffi/native.ts";
import { ERRNO } from "./errno.ts";
import { O_CLOEXEC, O_NONBLOCK, OwnedFd } from "./fd.ts";
import { connect, send, socket } from "./libc.ts";
import type { Reactor } from "./reactor/reactor.ts";
import { openUnixAddress } from "./reactor/unix-address.ts";
import { check, SyscallError } from "./syscall-error.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** A SOCK_DGRAM socket that is connected to a path. Source: unix(7). */
export class UnixDatagram implements Disposable {
  readonly #socket: OwnedFd;
  readonly #reactor: Reactor;

  private constructor(reactor: Reactor, socketFd: OwnedFd) {
    this.#reactor = reactor;
    this.#socket = socketFd;
  }

  /** Errors: SyscallError, ENOENT and ECONNREFUSED where nobody listens. */
  static connect(reactor: Reactor, path: string): UnixDatagram {
    using address = openUnixAddress(path);
    using fd = new OwnedFd(check("socket", socket(AF_UNIX, SOCK_DGRAM | O_CLOEXEC | O_NONBLOCK, 0)));
    check("connect", connect(fd.fd, address.bytes, address.bytes.byteLength), path);
    return new UnixDatagram(reactor, new OwnedFd(fd.release()));
  }

  /** Resolves when the kernel has the datagram; waits while the peer's queue is full. Errors: SyscallError, the signal's reason. */
  async send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (send(this.#socket.fd, bytes, bytes.byteLength, MSG_DONTWAIT | MSG_NOSIGNAL) !== -1) return;
      const errno = lastErrno();
      if (errno !== ERRNO.EAGAIN && errno !== ERRNO.EINTR) throw new SyscallError("send", errno);
      await this.#reactor.writable(this.#socket.fd, signal, { keepAlive: false });
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
