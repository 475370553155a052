import type { EndpointSettings } from "./endpoints.ts";

/**
 * Networks.
 * Source: Docker Engine API v1.51–v1.55, tag "Network".
 */

export interface IPAMConfig {
  Subnet?: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string> | null;
}

export interface IPAM {
  Driver?: string;
  Config?: IPAMConfig[] | null;
  Options?: Record<string, string> | null;
}

export interface ConfigReference {
  Network: string;
}

export interface PeerInfo {
  Name: string;
  IP: string;
}

/** One entry of `GET /networks`. */
export interface NetworkSummary {
  Name: string;
  Id: string;
  Created: string;
  Scope: string;
  Driver: string;
  EnableIPv4: boolean;
  EnableIPv6: boolean;
  IPAM: IPAM;
  Internal: boolean;
  Attachable: boolean;
  Ingress: boolean;
  ConfigFrom: ConfigReference;
  ConfigOnly: boolean;
  Options: Record<string, string> | null;
  Labels: Record<string, string> | null;
  Peers?: PeerInfo[];
  /** Empty in lists since API 1.28. */
  Containers?: Record<string, EndpointResource>;
}

export interface EndpointResource {
  Name: string;
  EndpointID: string;
  MacAddress: string;
  IPv4Address: string;
  IPv6Address: string;
}

export interface NetworkTaskInfo {
  Name: string;
  EndpointID: string;
  EndpointIP: string;
  Info: Record<string, string>;
}

export interface ServiceInfo {
  VIP: string;
  Ports: string[];
  LocalLBIndex: number;
  Tasks: NetworkTaskInfo[];
}

/** Counts of 64 bits, which JSON's numbers hold and JavaScript's do not. */
export interface SubnetStatus {
  IPsInUse: bigint;
  DynamicIPsAvailable: bigint;
}

/** Answer of `GET /networks/{id}`. */
export interface NetworkInspectResponse extends NetworkSummary {
  Containers: Record<string, EndpointResource>;
  Services?: Record<string, ServiceInfo>;
  /** Since API 1.52. */
  Status?: { IPAM?: { Subnets?: Record<string, SubnetStatus> } };
}

/** Body of `POST /networks/create`. */
export interface NetworkCreateRequest {
  Name: string;
  /** Ignored since API 1.44, where names became unique. */
  CheckDuplicate?: boolean;
  Driver?: string;
  Scope?: string;
  Internal?: boolean;
  Attachable?: boolean;
  Ingress?: boolean;
  ConfigOnly?: boolean;
  ConfigFrom?: ConfigReference | null;
  IPAM?: IPAM | null;
  EnableIPv4?: boolean;
  EnableIPv6?: boolean;
  Options?: Record<string, string> | null;
  Labels?: Record<string, string> | null;
}

export interface NetworkCreateResponse {
  Id: string;
  Warning: string;
}

export interface NetworkConnectRequest {
  Container: string;
  EndpointConfig?: EndpointSettings | null;
}

export interface NetworkDisconnectRequest {
  Container: string;
  Force?: boolean;
}

export interface NetworksPruneResponse {
  NetworksDeleted: string[] | null;
}
