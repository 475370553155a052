import { AF_INET, type IpFamily, parsePrefix } from "../../os/linux/netlink/mod.ts";

/** A port of the host that leads to a container's. */
export interface PublishedPort {
  readonly protocol: "tcp" | "udp" | "sctp";
  /** An address of the host, `0.0.0.0` or `::` for every one of that family. */
  readonly hostIp: string;
  readonly hostPort: number;
  /** Of the same family as `hostIp`. */
  readonly containerIp: string;
  readonly containerPort: number;
}

export function familyOf(port: PublishedPort): IpFamily {
  return parsePrefix(port.hostIp).family;
}

/** Whether the port is published on every address of its family. */
export function isWildcard(port: PublishedPort): boolean {
  return port.hostIp === (familyOf(port) === AF_INET ? "0.0.0.0" : "::");
}

/** A text that is the same for the same place on the host. */
export function keyOf({ protocol, hostIp, hostPort }: PublishedPort): string {
  return `${protocol} ${hostIp} ${hostPort}`;
}
