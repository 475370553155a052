/**
 * A container's place in a network.
 * Source: Docker Engine API v1.51–v1.55, `EndpointSettings`, `NetworkingConfig`, `NetworkSettings`.
 */
import type { PortMap } from "./ports.ts";

export interface EndpointIPAMConfig {
  IPv4Address?: string;
  IPv6Address?: string;
  LinkLocalIPs?: string[] | null;
}

/** What a caller may ask of an endpoint. */
export interface EndpointRequest {
  IPAMConfig?: EndpointIPAMConfig | null;
  Links?: string[] | null;
  MacAddress?: string;
  Aliases?: string[] | null;
  DriverOpts?: Record<string, string> | null;
  /** The endpoint with the highest value provides the default gateway. Since API 1.48. */
  GwPriority?: number;
}

export interface EndpointSettings extends EndpointRequest {
  NetworkID?: string;
  EndpointID?: string;
  Gateway?: string;
  IPAddress?: string;
  IPPrefixLen?: number;
  IPv6Gateway?: string;
  GlobalIPv6Address?: string;
  GlobalIPv6PrefixLen?: number;
  /** Every name that resolves to the endpoint. Since API 1.44. */
  DNSNames?: string[] | null;
}

export interface NetworkingConfig {
  EndpointsConfig?: Record<string, EndpointSettings | null> | null;
}

export interface Address {
  Addr: string;
  PrefixLen: number;
}

export interface NetworkSettings {
  SandboxID?: string;
  SandboxKey?: string;
  Ports?: PortMap | null;
  Networks?: Record<string, EndpointSettings> | null;
  /** Dropped in API 1.52, like all that follow: the default bridge network's values. */
  Bridge?: string;
  HairpinMode?: boolean;
  LinkLocalIPv6Address?: string;
  LinkLocalIPv6PrefixLen?: number;
  SecondaryIPAddresses?: Address[] | null;
  SecondaryIPv6Addresses?: Address[] | null;
  EndpointID?: string;
  Gateway?: string;
  GlobalIPv6Address?: string;
  GlobalIPv6PrefixLen?: number;
  IPAddress?: string;
  IPPrefixLen?: number;
  IPv6Gateway?: string;
  MacAddress?: string;
}
