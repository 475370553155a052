import { isIP } from "node:net";
import type {
  EndpointRecord,
  EndpointRequest,
  IpamPool,
  NetworkRecord,
  PortBinding,
} from "../../core/networks/network-record.ts";
import type { Reply } from "../plugin-client/mod.ts";

// Numbers of IP. Source: RFC 5237, "Assigned Internet Protocol Numbers".
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;
const PORT_MAP = "com.docker.network.portmap";
const EXPOSED_PORTS = "com.docker.network.endpoint.exposedports";

type Message = Readonly<Record<string, unknown>>;

/** What a new network is to a plug-in. Source: moby, libnetwork, drivers/remote/api. */
export function networkMessage(network: NetworkRecord): Message {
  return {
    NetworkID: network.id,
    Options: networkOptions(network),
    IPv4Data: poolsOf(network, 4),
    IPv6Data: poolsOf(network, 6),
  };
}

export function networkOptions({ options, enableIpv4, enableIpv6, internal }: NetworkRecord): Message {
  return {
    "com.docker.network.enable_ipv4": enableIpv4,
    "com.docker.network.enable_ipv6": enableIpv6,
    ...(internal ? { "com.docker.network.internal": true } : {}),
    "com.docker.network.generic": options,
  };
}

function poolsOf({ pools }: NetworkRecord, version: 4 | 6): Message[] {
  return pools
    .filter(({ subnet }) => isIP(subnet.split("/")[0]!) === version)
    .map(({ subnet, gateway, auxAddresses }: IpamPool) => {
      const withLength = (address: string) => `${address}/${subnet.split("/")[1]}`;
      const auxiliary = Object.entries(auxAddresses ?? {});
      return {
        AddressSpace: "",
        Pool: subnet,
        ...(gateway ? { Gateway: withLength(gateway) } : {}),
        ...(auxiliary.length > 0
          ? { AuxAddresses: Object.fromEntries(auxiliary.map(([name, each]) => [name, withLength(each)])) }
          : {}),
      };
    });
}

/** What a container's place in the network is to be like: ports, and what its user told the driver. */
export function endpointOptions({
  ports,
  exposedPorts,
  driverOptions,
}: Pick<EndpointRequest | EndpointRecord, "ports" | "exposedPorts" | "driverOptions">): Message {
  return { ...driverOptions, ...sandboxOptions({ ports, exposedPorts }) };
}

export function sandboxOptions({
  ports,
  exposedPorts,
}: Pick<EndpointRecord, "ports" | "exposedPorts">): Message {
  return {
    [PORT_MAP]: ports.map(({ protocol, containerPort, hostIp, hostPort, hostPortEnd }) => ({
      Proto: PROTOCOL_NUMBERS[protocol],
      IP: "",
      Port: containerPort,
      HostIP: hostIp,
      HostPort: hostPort,
      HostPortEnd: hostPortEnd,
    })),
    [EXPOSED_PORTS]: exposedPorts.map((text) => {
      const [port, protocol = "tcp"] = text.split("/");
      return { Proto: PROTOCOL_NUMBERS[protocol as PortBinding["protocol"]], Port: Number(port) };
    }),
  };
}

/** Published ports as the plug-in tells of them. */
export function readPorts(information: Reply | undefined): PortBinding[] {
  return (information?.objects(PORT_MAP) ?? []).map((entry) => {
    const number = entry.count("Proto", 255);
    const protocol = (["tcp", "udp", "sctp"] as const).find((name) => PROTOCOL_NUMBERS[name] === number);
    if (!protocol) throw entry.refuse(`${number} is no protocol with ports`);
    const hostPort = entry.count("HostPort", 65_535);
    const hostIp = entry.text("HostIP");
    if (hostIp !== "" && isIP(hostIp) === 0) throw entry.refuse(`HostIP: invalid IP address: ${hostIp}`);
    return { protocol, containerPort: entry.count("Port", 65_535), hostIp, hostPort, hostPortEnd: hostPort };
  });
}
