import { isIP, isIPv4, isIPv6 } from "node:net";
import { invalidArgument } from "../../base/errors.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { Subnet } from "../../drivers/ipam/mod.ts";
import type { EndpointSettings } from "../../spec/engine-api/mod.ts";
import {
  aliasesNeedUserNetwork,
  endpointOnConfiguration,
  invalidEndpoint,
  staticAddressNeedsUserNetwork,
  staticAddressNeedsUserSubnet,
} from "./errors.ts";
import { isPredefined } from "./predefined.ts";

const UNSPECIFIED = ["0.0.0.0", "::"];
const LINK_LOCAL = ["169.254.0.0/16", "fe80::/10"].map((prefix) => Subnet.parse(prefix));
const IPV4_MAPPED = Subnet.parse("::ffff:0:0/96");
const ENDPOINT_SYSCTLS = "com.docker.network.endpoint.sysctls";

/** Checks what a container asks of its place in the network. Errors: invalidArgument, permissionDenied, docker's texts. */
export function checkEndpointSettings(network: NetworkRecord, settings: EndpointSettings): void {
  if (network.configOnly) throw endpointOnConfiguration();
  if (settings.MacAddress && !isMacAddress(settings.MacAddress)) {
    throw invalidArgument(`invalid MAC address ${settings.MacAddress}`);
  }
  const problems = [
    ...predefinedProblems(network, settings),
    ...addressProblems(network, settings),
    ...sysctlProblems(settings.DriverOpts?.[ENDPOINT_SYSCTLS]),
  ];
  if (problems.length > 0) throw invalidEndpoint(problems);
}

/** Checks what can be checked of addresses before the network is known to exist. Errors: invalidArgument. */
function addressProblems(network: NetworkRecord, settings: EndpointSettings): string[] {
  const { IPv4Address: ipv4, IPv6Address: ipv6, LinkLocalIPs: linkLocal } = settings.IPAMConfig ?? {};
  const problems: string[] = [];
  if (ipv4 && (!isIPv4(ipv4) || UNSPECIFIED.includes(ipv4))) problems.push(`invalid IPv4 address: ${ipv4}`);
  if (ipv6 && (!isIPv6(ipv6) || UNSPECIFIED.includes(ipv6) || isWithin(ipv6, IPV4_MAPPED))) {
    problems.push(`invalid IPv6 address: ${ipv6}`);
  }
  for (const address of linkLocal ?? []) {
    if (isIP(address) === 0 || !LINK_LOCAL.some((subnet) => isWithin(address, subnet))) {
      problems.push(`invalid link-local IP address: ${address}`);
    }
  }
  if (problems.length > 0 || isPredefined(network)) return problems;
  return [ipv4, ipv6]
    .filter((address) => address !== undefined && address !== "")
    .flatMap((address) => outsideProblem(network, address!));
}

function isWithin(address: string, subnet: Subnet): boolean {
  return subnet.contains(Subnet.host(address));
}

function outsideProblem(network: NetworkRecord, address: string): string[] {
  const host = Subnet.host(address);
  const subnets = (network.userSubnets ?? []).map((subnet) => Subnet.parse(subnet));
  const family = subnets.filter((subnet) => subnet.family === host.family);
  if (family.length === 0) return [staticAddressNeedsUserSubnet()];
  if (family.some((subnet) => subnet.contains(host))) return [];
  return [`no configured subnet or ip-range contain the IP address ${address}`];
}

function predefinedProblems(network: NetworkRecord, settings: EndpointSettings): string[] {
  if (!isPredefined(network)) return [];
  const { IPAMConfig: ipam, Aliases: aliases } = settings;
  return [
    ...(ipam?.IPv4Address || ipam?.IPv6Address ? [staticAddressNeedsUserNetwork()] : []),
    ...((aliases ?? []).length > 0 ? [aliasesNeedUserNetwork()] : []),
  ];
}

function sysctlProblems(text: string | undefined): string[] {
  if (!text) return [];
  return text
    .split(",")
    .filter((sysctl) => !/^[^.]+\.(ipv4|ipv6|mpls)\.[^.]+\.(IFNAME|ifname)\..+$/.test(sysctl))
    .map(
      (sysctl) =>
        `unrecognised network interface sysctl '${sysctl}'; represent 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4', 'ipv6' or 'mpls'`,
    );
}

function isMacAddress(text: string): boolean {
  return (
    /^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/.test(text) || /^([0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}$/.test(text)
  );
}
