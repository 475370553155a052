import { newId } from "../../base/ids.ts";
import type { EndpointRecord, EndpointRequest, NetworkRecord } from "../../core/networks/network-record.ts";
import { macAddressFor, type TakenAddresses } from "../ipam/mod.ts";

/** A new place in the network as it was asked for, with these addresses; without names of interfaces and without ports. */
export function newEndpoint(
  network: NetworkRecord,
  request: EndpointRequest,
  { ipv4, ipv6, macAddress }: TakenAddresses,
): EndpointRecord {
  const usesGateways = !network.internal && network.wayOut === undefined;
  return {
    id: newId(),
    networkId: network.id,
    containerId: request.containerId,
    containerName: request.containerName,
    macAddress: request.macAddress ?? macAddress ?? macAddressFor(ipv4?.address ?? ""),
    ipv4Address: ipv4?.address ?? "",
    ipv4PrefixLength: ipv4?.prefixLength ?? 0,
    ipv4Gateway: usesGateways ? (ipv4?.gateway ?? "") : "",
    ipv6Address: ipv6?.address ?? "",
    ipv6PrefixLength: ipv6?.prefixLength ?? 0,
    ipv6Gateway: usesGateways ? (ipv6?.gateway ?? "") : "",
    ...(request.linkLocalAddresses ? { linkLocalAddresses: request.linkLocalAddresses } : {}),
    interfaceName: "",
    hostInterfaceName: "",
    aliases: request.aliases,
    links: request.links,
    dnsNames: request.dnsNames,
    driverOptions: request.driverOptions,
    gatewayPriority: request.gatewayPriority,
    exposedPorts: request.exposedPorts,
    ...(request.reaches ? { reaches: request.reaches } : {}),
    ports: [],
  };
}
