/** One address pool of a network, in CIDR notation where an address range is meant. */
export interface IpamPool {
  readonly subnet: string;
  readonly ipRange?: string;
  readonly gateway?: string;
  /** Addresses reserved by name. */
  readonly auxAddresses?: Readonly<Record<string, string>>;
  /** What the plug-in that keeps the addresses calls the pool. */
  readonly poolId?: string;
}

/** A network as it is stored. */
export interface NetworkRecord {
  readonly id: string;
  readonly name: string;
  /** `bridge`, `host`, `null`, … */
  readonly driver: string;
  /** How far the network reaches; missing for `local`. */
  readonly scope?: "global";
  /** RFC 3339 with nanoseconds. */
  readonly createdAt: string;
  readonly enableIpv4: boolean;
  readonly enableIpv6: boolean;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ingress: boolean;
  readonly configOnly: boolean;
  readonly configFrom: string;
  readonly ipamDriver: string;
  readonly ipamOptions: Readonly<Record<string, string>>;
  readonly pools: readonly IpamPool[];
  /**
   * How packets leave for everywhere else: straight onto the endpoints' links, or not at all; missing for by the pools'
   * gateways. An internal network has no way out, whatever this says.
   */
  readonly wayOut?: "link" | "none";
  /** Subnets that the user named; addresses can be asked for in these alone. Missing for none. */
  readonly userSubnets?: readonly string[];
  /** The network's bridge is one that an administrator made. */
  readonly foreignBridge?: true;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** A published port: `hostIp:hostPort` leads to `containerPort`. */
export interface PortBinding {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly containerPort: number;
  /** Empty for every address. */
  readonly hostIp: string;
  /** The one family that is meant, of a request with several networks to publish on. */
  readonly family?: "ipv4" | "ipv6";
  /** 0 asks for a free one of the ephemeral range; of an endpoint it says that its port is reached at its own address alone. */
  readonly hostPort: number;
  /** Last port of a range to choose from; equal to hostPort where none. */
  readonly hostPortEnd: number;
}

/** One port of another container of the network. */
export interface ReachedPort {
  readonly address: string;
  readonly protocol: PortBinding["protocol"];
  readonly port: number;
}

/** What a container asks of an endpoint. */
export interface EndpointRequest {
  readonly containerId: string;
  readonly containerName: string;
  readonly ipv4Address?: string;
  readonly ipv6Address?: string;
  /** Addresses beside the one of the network, good on its link alone; without prefix. Missing for none. */
  readonly linkLocalAddresses?: readonly string[];
  readonly macAddress?: string;
  /** The container has IPv6 turned off: it has no use for an address of that family. */
  readonly withoutIpv6?: boolean;
  /** Name of the interface inside the sandbox, where the caller picks it; the driver's first free one otherwise. */
  readonly interfaceName?: string;
  readonly aliases: readonly string[];
  /** Other containers under a name of this one's own, `container:alias`. */
  readonly links: readonly string[];
  /** Names that lead to the endpoint in its network; the first one is what its address leads back to. */
  readonly dnsNames: readonly string[];
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly gatewayPriority: number;
  /** Ports to publish; only on the network that is the container's way out. */
  readonly ports: readonly PortBinding[];
  /** Ports the image or user exposes without publishing, as `80/tcp`. */
  readonly exposedPorts: readonly string[];
  /** Ports that its links open to it on a network that keeps containers apart; missing for none. */
  readonly reaches?: readonly ReachedPort[];
}

/** A container's place in a network, as it is stored. Addresses are without prefix. Empty text where there is none. */
export interface EndpointRecord {
  readonly id: string;
  readonly networkId: string;
  readonly containerId: string;
  readonly containerName: string;
  readonly macAddress: string;
  readonly ipv4Address: string;
  readonly ipv4PrefixLength: number;
  readonly ipv4Gateway: string;
  readonly ipv6Address: string;
  readonly ipv6PrefixLength: number;
  readonly ipv6Gateway: string;
  /** Further addresses that are good on the link alone; missing for none. */
  readonly linkLocalAddresses?: readonly string[];
  /** Interface inside the sandbox (`eth0`) and its peer outside. */
  readonly interfaceName: string;
  readonly hostInterfaceName: string;
  readonly aliases: readonly string[];
  readonly links: readonly string[];
  readonly dnsNames: readonly string[];
  readonly driverOptions: Readonly<Record<string, string>>;
  readonly gatewayPriority: number;
  /** `80/tcp`: what the container opens to those that link to it. */
  readonly exposedPorts: readonly string[];
  /** Ports of others that it reaches although the network keeps containers apart; missing for none. */
  readonly reaches?: readonly ReachedPort[];
  /** Published ports with the host ports that were taken: one entry for each address family. */
  readonly ports: readonly PortBinding[];
}
