import { randomBytes } from "node:crypto";
import { ipToBytes } from "../../os/linux/netlink/mod.ts";

/** The MAC address with docker's prefix and those four bytes. */
export function macAddressOf(rest: Uint8Array): string {
  return Array.from([0x02, 0x42, ...rest], (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * The MAC address of an endpoint: its IPv4 address makes it, so that an address that comes back into use makes no
 * neighbour's ARP entry stale. Without an IPv4 address it is random.
 */
export function macAddressFor(ipv4Address: string): string {
  return macAddressOf(ipv4Address === "" ? randomBytes(4) : ipToBytes(ipv4Address));
}
