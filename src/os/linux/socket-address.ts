import { getsockname } from "./libc.ts";
import { AF_INET, ipToBytes, parsePrefix } from "./netlink/ip-bytes.ts";
import { check } from "./syscall-error.ts";

/** The struct sockaddr_in or sockaddr_in6 of an address. Errors: invalidArgument. Source: ip(7), ipv6(7). */
export function encodeSocketAddress(address: string, port: number): Buffer {
  const { family } = parsePrefix(address);
  const bytes = Buffer.alloc(family === AF_INET ? 16 : 28);
  bytes.writeUInt16LE(family, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(ipToBytes(address), family === AF_INET ? 4 : 8);
  return bytes;
}

/** The port that a socket is bound to. Errors: SyscallError. */
export function boundPort(fd: number): number {
  const address = Buffer.alloc(28);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(address.length);
  check("getsockname", getsockname(fd, address, size));
  return address.readUInt16BE(2);
}
