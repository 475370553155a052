import { OwnedFd } from "./fd.ts";
import { bindSocket, listen, setsockopt, socket } from "./libc.ts";
import { withNetworkNamespace } from "./namespace.ts";
import { AF_INET, type IpFamily, parsePrefix } from "./netlink/mod.ts";
import { boundPort, encodeSocketAddress } from "./socket-address.ts";
import { attachSocketFilter, DROP } from "./socket-filter.ts";
import { check } from "./syscall-error.ts";

const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const IPPROTO_SCTP = 132;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
/** The kernel cuts it to `net.core.somaxconn`. */
const SERVER_BACKLOG = 4096;

export interface PortAddress {
  readonly protocol: "tcp" | "udp" | "sctp";
  /** An address of the machine, or `0.0.0.0` or `::` for all of that family. */
  readonly address: string;
  readonly port: number;
}

export interface ReservePortOptions {
  /** The network namespace whose port is meant, a file or an open descriptor; the thread's own by default. */
  readonly namespace?: string | number;
}

/** A port of the machine that no other program can bind while it is held. */
export interface PortReservation extends Disposable {
  readonly port: number;
  close(): void;
}

function setFlag(fd: number, level: number, option: number): void {
  const on = Buffer.alloc(4);
  on.writeInt32LE(1);
  check("setsockopt", setsockopt(fd, level, option, on, on.length));
}

function openSocket(family: IpFamily, protocol: PortAddress["protocol"]): OwnedFd {
  const type = protocol === "udp" ? SOCK_DGRAM : SOCK_STREAM;
  const number = protocol === "sctp" ? IPPROTO_SCTP : 0;
  return new OwnedFd(check("socket", socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, number)));
}

/** A socket bound to the port, of IPv6 alone where its address is; `prepare` comes before anybody can reach it. */
function bindPort(
  { protocol, address, port }: PortAddress,
  backlog: number,
  prepare: (fd: number) => void,
): OwnedFd {
  const { family } = parsePrefix(address);
  const owned = openSocket(family, protocol);
  try {
    if (family !== AF_INET) setFlag(owned.fd, IPPROTO_IPV6, IPV6_V6ONLY);
    // Connections that a server closed a moment ago must not keep the port from us; listening keeps out others that say
    // the same of themselves.
    if (protocol !== "udp") setFlag(owned.fd, SOL_SOCKET, SO_REUSEADDR);
    const bytes = encodeSocketAddress(address, port);
    check("bind", bindSocket(owned.fd, bytes, bytes.length));
    prepare(owned.fd);
    if (protocol !== "udp") check("listen", listen(owned.fd, backlog));
    return owned;
  } catch (error) {
    owned.close();
    throw error;
  }
}

function inNamespace<T>({ namespace }: ReservePortOptions, work: () => T): T {
  return namespace === undefined ? work() : withNetworkNamespace(namespace, work);
}

/**
 * The port is taken: other programs' bind(2) fails with EADDRINUSE until the reservation is closed, or this process ends.
 * An IPv6 address takes IPv6 only. Port 0 takes one that the kernel picks. Packets that reach the
 * socket are dropped: they are to be led elsewhere before.
 * Errors: SyscallError: EADDRINUSE, EADDRNOTAVAIL (no address of this machine), EACCES, EPROTONOSUPPORT (no SCTP here).
 */
export function reservePort(address: PortAddress, options: ReservePortOptions = {}): PortReservation {
  // Whoever gets here while the rules that lead him elsewhere are gone tries again, instead of waiting on a connection
  // that nobody reads.
  // Packets that come to the socket all the same are dropped, as if nobody had heard them.
  const owned = inNamespace(options, () => bindPort(address, 1, (fd) => attachSocketFilter(fd, [DROP])));
  const close = () => owned.close();
  return { port: boundPort(owned.fd), close, [Symbol.dispose]: close };
}

/**
 * The port is taken as by `reservePort`, by a socket of the caller's that takes connections (TCP) or datagrams (UDP) from now on:
 * they wait until it reads them.
 * Errors: SyscallError as of `reservePort`.
 */
export function openServedPort(address: PortAddress, options: ReservePortOptions = {}): OwnedFd {
  return inNamespace(options, () => bindPort(address, SERVER_BACKLOG, () => {}));
}
