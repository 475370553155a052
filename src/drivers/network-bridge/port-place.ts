import type { EndpointRecord, PortBinding } from "../../core/networks/network-record.ts";
import { bytesToIp, ipToBytes } from "../../os/linux/netlink/mod.ts";

/** An address of the host with the address of the container that its port leads to. */
export interface PortPlace {
  readonly hostIp: string;
  readonly containerIp: string;
  /** Whether a proxy serves the port, at least for callers that the kernel cannot lead to the container. */
  readonly proxied: boolean;
}

/** The host's own loopback of IPv6, from which Linux routes nothing to other links. */
export function isLoopbackIpv6(hostIp: string): boolean {
  return hostIp.includes(":") && bytesToIp(ipToBytes(hostIp)) === "::1";
}

/** Whether a proxy can lead the protocol's ports. SCTP is not in the runtime. */
export function isProxiable(protocol: PortBinding["protocol"]): protocol is "tcp" | "udp" {
  return protocol !== "sctp";
}

/**
 * Where the port of an endpoint leads. `proxies`: whether ports of IPv6 have a proxy also where the kernel leads most of
 * their callers, for those of `::1`.
 */
export function placeOf(
  endpoint: EndpointRecord,
  { protocol, hostIp }: PortBinding,
  proxies: boolean,
): PortPlace {
  if (!hostIp.includes(":")) return { hostIp, containerIp: endpoint.ipv4Address, proxied: false };
  const crosses = endpoint.ipv6Address === "";
  return {
    hostIp,
    containerIp: crosses ? endpoint.ipv4Address : endpoint.ipv6Address,
    proxied: isProxiable(protocol) && (crosses || proxies),
  };
}

/** Whether callers by one family come to the container by the other. */
export function crossesFamilies({ hostIp, containerIp }: PortPlace): boolean {
  return hostIp.includes(":") !== containerIp.includes(":");
}

/** Whether the kernel leads anybody from that place to the container. */
export function isLedByKernel(place: PortPlace): boolean {
  return !crossesFamilies(place) && !isLoopbackIpv6(place.hostIp);
}
