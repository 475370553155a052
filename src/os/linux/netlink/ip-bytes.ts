import { isIPv4, isIPv6 } from "node:net";
import { invalidArgument } from "../../../base/errors.ts";

/** Numbers of the two address families. Source: socket.h. */
export const AF_INET = 2;
export const AF_INET6 = 10;
export type IpFamily = typeof AF_INET | typeof AF_INET6;

/** The family of an address as text. Errors: invalidArgument. */
export function familyOf(address: string): IpFamily {
  if (isIPv4(address)) return AF_INET;
  if (isIPv6(address) && !address.includes("%")) return AF_INET6;
  throw invalidArgument(`invalid IP address: ${JSON.stringify(address)}`);
}

function ipv4Groups(address: string): number[] {
  return address.split(".").map(Number);
}

function ipv6Half(half: string): number[] {
  if (half === "") return [];
  return half.split(":").flatMap((group) => {
    if (group.includes(".")) return ipv4Groups(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** The address in network byte order: 4 or 16 bytes. Errors: invalidArgument. */
export function ipToBytes(address: string): Uint8Array {
  if (familyOf(address) === AF_INET) return Uint8Array.from(ipv4Groups(address));
  const [head = "", tail] = address.split("::");
  const bytes = new Uint8Array(16);
  bytes.set(ipv6Half(head), 0);
  if (tail !== undefined) {
    const end = ipv6Half(tail);
    bytes.set(end, 16 - end.length);
  }
  return bytes;
}

/** The start and length of the first longest run of two or more zero groups. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
    start = Math.max(start, end);
  }
  return best;
}

/** The text of 4 or 16 address bytes, IPv6 in the canonical form of RFC 5952. Errors: invalidArgument. */
export function bytesToIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw invalidArgument(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  // RFC 5952, section 5: addresses that embed IPv4 under a known prefix show it with dots.
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join(".")}`;
  }
  const hex = groups.map((group) => group.toString(16));
  const zeros = longestZeroRun(groups);
  if (zeros.start < 0) return hex.join(":");
  return `${hex.slice(0, zeros.start).join(":")}::${hex.slice(zeros.start + zeros.length).join(":")}`;
}

export interface IpPrefix {
  readonly address: string;
  readonly family: IpFamily;
  /** Number of leading bits that name the network. */
  readonly length: number;
}

/** Splits `address[/length]`; without a length it is the whole address. Errors: invalidArgument. */
export function parsePrefix(text: string): IpPrefix {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = familyOf(address);
  const bits = family === AF_INET ? 32 : 128;
  if (slash < 0) return { address, family, length: bits };
  const lengthText = text.slice(slash + 1);
  const length = Number(lengthText);
  if (!/^\d{1,3}$/.test(lengthText) || length > bits) {
    throw invalidArgument(`invalid prefix length in ${JSON.stringify(text)}`);
  }
  return { address, family, length };
}

/** The six bytes of a MAC address written with colons. Errors: invalidArgument. */
export function macToBytes(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) {
    throw invalidArgument(`invalid MAC address: ${JSON.stringify(mac)}`);
  }
  return Uint8Array.from(mac.split(":"), (byte) => Number.parseInt(byte, 16));
}

/** A hardware address as lower-case hexadecimal bytes with colons. */
export function bytesToMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
