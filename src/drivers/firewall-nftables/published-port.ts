import { AF_INET, type IpFamily, parsePrefix } from "../../os/linux/netlink/mod.ts";

/** A port of a container that the outside reaches. */
export interface PublishedPort {
  readonly protocol: "tcp" | "udp" | "sctp";
  /** An address of the host, `0.0.0.0` or `::` for every one of that family. */
  readonly hostIp: string;
  /** The port of the host that leads to the container's; 0 where none does. */
  readonly hostPort: number;
  /** Of the same family as `hostIp`. */
  readonly containerIp: string;
  readonly containerPort: number;
  /** Whether those that its bridge's rules name reach the port at the container's own address, too. */
  readonly direct: boolean;
  /** Whether a program of the host serves the port to those that the kernel cannot lead: callers of `::1`. */
  readonly proxied?: boolean;
}

export function familyOf(port: PublishedPort): IpFamily {
  return parsePrefix(port.hostIp).family;
}

/** Whether a port of the host leads to the container's. */
export function isTranslated({ hostPort }: PublishedPort): boolean {
  return hostPort !== 0;
}

/** Whether the port is published on every address of its family. */
export function isWildcard(port: PublishedPort): boolean {
  return port.hostIp === (familyOf(port) === AF_INET ? "0.0.0.0" : "::");
}

/** A text that is the same for the same place on the host, or for the same place in a container where the host has none. */
export function keyOf(port: PublishedPort): string {
  const { protocol, hostIp, hostPort, containerIp, containerPort } = port;
  return isTranslated(port)
    ? `${protocol} ${hostIp} ${hostPort}`
    : `${protocol} direct ${containerIp} ${containerPort}`;
}
