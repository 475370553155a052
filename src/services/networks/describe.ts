import { sortedByKey } from "../../base/sorted-by-key.ts";
import type { AddressUse } from "../../core/networks/network-driver.ts";
import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import type {
  EndpointSettings,
  NetworkInspectResponse,
  NetworkSummary,
  PortMap,
  SubnetStatus,
} from "../../spec/engine-api/mod.ts";

function ipv4First<T>(entries: readonly T[], addressOf: (entry: T) => string): T[] {
  const isIpv6 = (entry: T) => Number(addressOf(entry).includes(":"));
  return [...entries].sort((a, b) => isIpv6(a) - isIpv6(b));
}

/** A network as lists show it. */
export function describeNetwork(network: NetworkRecord): NetworkSummary {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.createdAt,
    Scope: network.scope ?? "local",
    Driver: network.driver,
    EnableIPv4: network.enableIpv4,
    EnableIPv6: network.enableIpv6,
    IPAM: {
      Driver: network.ipamDriver,
      Options: Object.keys(network.ipamOptions).length > 0 ? { ...network.ipamOptions } : null,
      Config: ipv4First(network.pools, ({ subnet }) => subnet).map((pool) => ({
        Subnet: pool.subnet,
        ...(pool.ipRange ? { IPRange: pool.ipRange } : {}),
        ...(pool.gateway ? { Gateway: pool.gateway } : {}),
        ...(pool.auxAddresses ? { AuxiliaryAddresses: { ...pool.auxAddresses } } : {}),
      })),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: network.ingress,
    ConfigFrom: { Network: network.configFrom },
    ConfigOnly: network.configOnly,
    Options: { ...network.options },
    Labels: { ...network.labels },
    Containers: {},
  };
}

/** A network with the containers in it. */
export function describeNetworkInDetail(
  network: NetworkRecord,
  endpoints: readonly EndpointRecord[],
  use?: ReadonlyMap<string, AddressUse>,
): NetworkInspectResponse {
  const withPrefix = (address: string, length: number) => (address === "" ? "" : `${address}/${length}`);
  return {
    ...describeNetwork(network),
    ...(use ? { Status: { IPAM: { Subnets: describeUse(use) } } } : {}),
    Containers: Object.fromEntries(
      endpoints.map((endpoint) => [
        endpoint.containerId,
        {
          Name: endpoint.containerName,
          EndpointID: endpoint.id,
          MacAddress: endpoint.macAddress,
          IPv4Address: withPrefix(endpoint.ipv4Address, endpoint.ipv4PrefixLength),
          IPv6Address: withPrefix(endpoint.ipv6Address, endpoint.ipv6PrefixLength),
        },
      ]),
    ),
  };
}

function describeUse(use: ReadonlyMap<string, AddressUse>): Record<string, SubnetStatus> {
  const counts = [...use].map(([subnet, { inUse, available }]) => [
    subnet,
    { IPsInUse: saturate(inUse), DynamicIPsAvailable: saturate(available) },
  ]);
  return sortedByKey(Object.fromEntries(counts));
}

const MAX_UINT64 = 2n ** 64n - 1n;

function saturate(count: bigint): bigint {
  return count > MAX_UINT64 ? MAX_UINT64 : count;
}

/** A container's place in a network as `inspect` shows it; `endpoint` is missing while the container does not run. */
export function describeEndpoint(
  networkId: string,
  requested: EndpointSettings,
  endpoint: EndpointRecord | undefined,
): EndpointSettings {
  return {
    IPAMConfig: requested.IPAMConfig ?? null,
    Links: requested.Links ?? null,
    Aliases: requested.Aliases ?? null,
    MacAddress: endpoint?.macAddress ?? requested.MacAddress ?? "",
    DriverOpts: requested.DriverOpts ?? null,
    GwPriority: requested.GwPriority ?? 0,
    NetworkID: networkId,
    EndpointID: endpoint?.id ?? "",
    Gateway: endpoint?.ipv4Gateway ?? "",
    IPAddress: endpoint?.ipv4Address ?? "",
    IPPrefixLen: endpoint?.ipv4PrefixLength ?? 0,
    IPv6Gateway: endpoint?.ipv6Gateway ?? "",
    GlobalIPv6Address: endpoint?.ipv6Address ?? "",
    GlobalIPv6PrefixLen: endpoint?.ipv6PrefixLength ?? 0,
    DNSNames: endpoint && endpoint.dnsNames.length > 0 ? [...endpoint.dnsNames] : null,
  };
}

/** Ports as `inspect` shows them: exposed ones without a binding are null. */
export function describePorts(exposed: readonly string[], endpoints: readonly EndpointRecord[]): PortMap {
  const ports: PortMap = {};
  for (const key of exposed) ports[key] = null;
  const bindings = ipv4First(
    endpoints.flatMap((endpoint) => endpoint.ports),
    ({ hostIp }) => hostIp,
  );
  for (const { containerPort, protocol, hostIp, hostPort } of bindings) {
    const key = `${containerPort}/${protocol}`;
    ports[key] = [
      ...(ports[key] ?? []),
      { HostIp: hostIp, HostPort: hostPort === 0 ? "" : String(hostPort) },
    ];
  }
  return ports;
}
