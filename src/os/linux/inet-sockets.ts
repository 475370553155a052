import { lastErrno } from "../ffi/native.ts";
import { ERRNO } from "./errno.ts";
import { OwnedFd } from "./fd.ts";
import { accept4, bindSocket, listen, recvfrom, send, sendto, setsockopt, socket } from "./libc.ts";
import { withNetworkNamespace } from "./namespace.ts";
import { parsePrefix } from "./netlink/ip-bytes.ts";
import { boundPort, encodeSocketAddress } from "./socket-address.ts";
import { check, SyscallError } from "./syscall-error.ts";

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const MSG_TRUNC = 0x20;
const MSG_NOSIGNAL = 0x4000;
const MAX_ADDRESS_BYTES = 28;

export interface InetPlace {
  readonly address: string;
  /** 0 for one that the kernel picks. */
  readonly port: number;
}

/** A socket that is bound in some network namespace and stays there. Calls on it never wait. */
export interface BoundSocket extends Disposable {
  readonly fd: number;
  readonly port: number;
  close(): void;
}

function bound(type: number, place: InetPlace, namespace: string | number | undefined): BoundSocket {
  const open = () => {
    const { family } = parsePrefix(place.address);
    const owned = new OwnedFd(check("socket", socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)));
    try {
      if (type === SOCK_STREAM) {
        const on = Uint8Array.of(1, 0, 0, 0);
        check("setsockopt", setsockopt(owned.fd, SOL_SOCKET, SO_REUSEADDR, on, on.length));
      }
      const address = encodeSocketAddress(place.address, place.port);
      check("bind", bindSocket(owned.fd, address, address.length));
      if (type === SOCK_STREAM) check("listen", listen(owned.fd, 128));
      return {
        fd: owned.fd,
        port: boundPort(owned.fd),
        close: () => owned.close(),
        [Symbol.dispose]: () => owned.close(),
      };
    } catch (error) {
      owned.close();
      throw error;
    }
  };
  return namespace === undefined ? open() : withNetworkNamespace(namespace, open);
}

/** A UDP socket bound in that namespace. Errors: SyscallError: EADDRINUSE, EADDRNOTAVAIL. */
export function bindDatagrams(place: InetPlace, namespace?: string | number): BoundSocket {
  return bound(SOCK_DGRAM, place, namespace);
}

/** A listening TCP socket in that namespace. Errors: SyscallError: EADDRINUSE, EADDRNOTAVAIL. */
export function listenStreams(place: InetPlace, namespace?: string | number): BoundSocket {
  return bound(SOCK_STREAM, place, namespace);
}

export interface Datagram {
  /** Bytes of the datagram as sent; more than the buffer holds where it was cut. */
  readonly sizeBytes: number;
  /** The sender, in the form that `sendDatagram` takes. */
  readonly peer: Uint8Array;
}

const peerBytes = new Uint8Array(MAX_ADDRESS_BYTES);
const peerSize = new Uint32Array(1);

/** The next datagram that waits, its bytes in `buffer`; undefined where none does. Errors: SyscallError. */
export function receiveDatagram(fd: number, buffer: Uint8Array): Datagram | undefined {
  for (;;) {
    peerSize[0] = MAX_ADDRESS_BYTES;
    const sizeBytes = recvfrom(fd, buffer, buffer.byteLength, MSG_TRUNC, peerBytes, peerSize);
    if (sizeBytes >= 0) return { sizeBytes, peer: peerBytes.slice(0, peerSize[0]) };
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN) return undefined;
    // An earlier answer met a closed port: the socket reports that once and goes on.
    if (errno !== ERRNO.EINTR && errno !== ERRNO.ECONNREFUSED) throw new SyscallError("recvfrom", errno);
  }
}

/** Sends one datagram; false where the kernel takes none now, as when the peer is gone: whoever asked asks again. */
export function sendDatagram(fd: number, bytes: Uint8Array, peer: Uint8Array): boolean {
  return sendto(fd, bytes, bytes.byteLength, MSG_NOSIGNAL, peer, peer.byteLength) >= 0;
}

/** The next connection that waits, non-blocking; undefined where none does. Errors: SyscallError. */
export function acceptStream(fd: number): OwnedFd | undefined {
  const connection = accept4(fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection >= 0) return new OwnedFd(connection);
  const errno = lastErrno();
  // The peer has given up already: the next one may wait behind it.
  if (errno === ERRNO.ECONNABORTED || errno === ERRNO.EINTR) return acceptStream(fd);
  if (errno === ERRNO.EAGAIN) return undefined;
  throw new SyscallError("accept4", errno);
}

/** Writes what the kernel takes now; the number of bytes, 0 where it takes none. Errors: SyscallError. */
export function writeStream(fd: number, bytes: Uint8Array): number {
  const written = send(fd, bytes, bytes.byteLength, MSG_NOSIGNAL);
  if (written >= 0) return written;
  const errno = lastErrno();
  if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return 0;
  throw new SyscallError("send", errno);
}
