import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import type { BridgeSettings } from "./bridge-settings.ts";

/** Auxiliary addresses that are containers' gateways. Source: docker, `--default-gateway`. */
const IPV4 = "DefaultGatewayIPv4";
const IPV6 = "DefaultGatewayIPv6";

/** The endpoint with the gateways that the network's auxiliary addresses name, for families that have one at all. */
export function withConfiguredGateways(network: NetworkRecord, endpoint: EndpointRecord): EndpointRecord {
  const named = (name: string) => network.pools.map(({ auxAddresses }) => auxAddresses?.[name]).find(Boolean);
  const { ipv4Gateway, ipv6Gateway } = endpoint;
  return {
    ...endpoint,
    ipv4Gateway: ipv4Gateway === "" ? "" : (named(IPV4) ?? ipv4Gateway),
    ipv6Gateway: ipv6Gateway === "" ? "" : (named(IPV6) ?? ipv6Gateway),
  };
}

/** Families whose subnets need no address for a gateway: nobody would send to it. */
export function gatewaylessFamilies(network: NetworkRecord, settings: BridgeSettings): nl.IpFamily[] {
  const { gatewayModeIpv4, gatewayModeIpv6, inhibitIpv4 } = settings;
  return [
    ...(gatewayModeIpv4 === "isolated" || (inhibitIpv4 && network.internal)
      ? [nl.AF_INET as nl.IpFamily]
      : []),
    ...(gatewayModeIpv6 === "isolated" ? [nl.AF_INET6 as nl.IpFamily] : []),
  ];
}
