/**
 * Ports as the Engine API writes them.
 * Source: Docker Engine API v1.51–v1.55, `PortMap`, `PortBinding`, `PortSummary`.
 */

/** `80/tcp`, `53/udp` or `9000/sctp`. */
export type PortKey = string;

/** Where on the host a container's port is bound; an empty port asks for an ephemeral one. */
export interface PortBinding {
  HostIp?: string;
  HostPort?: string;
}

/** Host bindings of each container port; `null` where the port is exposed and not published. */
export type PortMap = Record<PortKey, PortBinding[] | null>;

/** A set of ports: every value is the empty object. */
export type PortSet = Record<PortKey, Record<string, never>>;

/** One line of a container list's `Ports`. */
export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: "tcp" | "udp" | "sctp";
}
