import { invalidArgument } from "../../base/errors.ts";
import type { EndpointSettings } from "../../spec/engine-api/mod.ts";
import { parseGoInt } from "../flags/go-values.ts";
import { splitCsv } from "./csv.ts";
import { ipVersion } from "./ip-version.ts";

/** One value of `--network`. */
export interface NetworkAttachment {
  target: string;
  aliases: string[];
  driverOpts: Record<string, string>;
  links: string[];
  ipv4: string;
  ipv6: string;
  linkLocalIps: string[];
  macAddress: string;
  gwPriority: number;
}

function attachment(target: string): NetworkAttachment {
  return {
    target,
    aliases: [],
    driverOpts: {},
    links: [],
    ipv4: "",
    ipv6: "",
    linkLocalIps: [],
    macAddress: "",
    gwPriority: 0,
  };
}

/** A value of `--network`: a name, or `name=NAME,alias=…,ip=…` and so on. Throws an Error. */
export function parseNetwork(text: string): NetworkAttachment {
  if (!/\w+=\w+(,\w+=\w+)*/.test(text)) return attachment(text);
  const result = attachment("");
  for (const field of splitCsv(text)) setField(result, field);
  if (result.target === "") throw new Error("network name/id is not specified");
  return result;
}

function setField(result: NetworkAttachment, field: string): void {
  const equals = field.indexOf("=");
  const key = field.slice(0, Math.max(equals, 0)).trim().toLowerCase();
  if (equals < 0 || key === "") throw new Error(`invalid field ${field}`);
  const value = field
    .slice(equals + 1)
    .trim()
    .toLowerCase();
  switch (key) {
    case "name":
      result.target = value;
      break;
    case "alias":
      result.aliases.push(value);
      break;
    case "driver-opt":
      Object.assign(result.driverOpts, driverOpt(field.slice(equals + 1)));
      break;
    case "ip":
      result.ipv4 = value;
      break;
    case "ip6":
      result.ipv6 = value;
      break;
    case "mac-address":
      result.macAddress = checkMac(value);
      break;
    case "link-local-ip":
      result.linkLocalIps.push(value);
      break;
    case "gw-priority":
      result.gwPriority = gwPriority(value);
      break;
    default:
      throw new Error(`invalid field key ${key}`);
  }
}

function gwPriority(value: string): number {
  try {
    return parseGoInt(value);
  } catch {
    // Go's Atoi, which docker uses here, words its error without the function it calls.
    throw new Error(
      `invalid gw-priority (${value}): strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  }
}

/** `key=value` of a network driver, the key in lower case. */
export function driverOpt(text: string): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new Error("invalid key value pair format in driver options");
  return { [text.slice(0, equals).trim().toLowerCase()]: text.slice(equals + 1).trim() };
}

export function checkMac(text: string): string {
  if (/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text.trim())) return text.trim();
  throw invalidArgument(`${text} is not a valid mac address`);
}

/** Flags that belong to the first network. */
export interface EndpointFlags {
  readonly "network-alias": readonly string[];
  readonly link: readonly string[];
  readonly "link-local-ip": readonly string[];
  readonly ip: string;
  readonly ip6: string;
  readonly "mac-address": string;
}

/** Whether a network mode names a network that a user made. */
function isUserDefined(mode: string): boolean {
  return !["default", "bridge", "host", "none"].includes(mode) && !mode.startsWith("container:");
}

function withFlags(network: NetworkAttachment, flags: EndpointFlags): NetworkAttachment {
  const conflict = (given: boolean, own: boolean, flag: string, what: string) => {
    if (given && own)
      throw invalidArgument(`conflicting options: cannot specify both ${flag} and per-network ${what}`);
  };
  conflict(flags["network-alias"].length > 0, network.aliases.length > 0, "--network-alias", "alias");
  conflict(flags.link.length > 0, network.links.length > 0, "--link", "links");
  conflict(flags.ip !== "", network.ipv4 !== "", "--ip", "IPv4 address");
  conflict(flags.ip6 !== "", network.ipv6 !== "", "--ip6", "IPv6 address");
  conflict(flags["mac-address"] !== "", network.macAddress !== "", "--mac-address", "MAC address");
  const ownLinkLocal = network.linkLocalIps.length > 0;
  conflict(flags["link-local-ip"].length > 0, ownLinkLocal, "--link-local-ip", "link-local IP addresses");
  return {
    ...network,
    aliases: [...network.aliases, ...flags["network-alias"]],
    // Links of the default network belong to the host configuration.
    links: isUserDefined(network.target) ? [...flags.link] : network.links,
    ipv4: network.ipv4 || flags.ip,
    ipv6: network.ipv6 || flags.ip6,
    macAddress: network.macAddress || flags["mac-address"],
    linkLocalIps: [...network.linkLocalIps, ...flags["link-local-ip"]],
  };
}

function toSettings(network: NetworkAttachment): EndpointSettings {
  if (network.target.trim() === "") throw invalidArgument("no name set for network");
  if (!isUserDefined(network.target)) {
    if (network.aliases.length > 0)
      throw invalidArgument("network-scoped aliases are only supported for user-defined networks");
    if (network.links.length > 0) throw invalidArgument("links are only supported for user-defined networks");
  }
  const { ipv4, ipv6, linkLocalIps } = network;
  const addresses = {
    ...(ipv4 === "" ? {} : { IPv4Address: checkIp(ipv4) }),
    ...(ipv6 === "" ? {} : { IPv6Address: checkIp(ipv6) }),
    ...(linkLocalIps.length === 0 ? {} : { LinkLocalIPs: linkLocalIps }),
  };
  return {
    ...(Object.keys(addresses).length === 0 ? {} : { IPAMConfig: addresses }),
    ...(network.links.length === 0 ? {} : { Links: network.links }),
    ...(network.macAddress === "" ? {} : { MacAddress: network.macAddress }),
    ...(network.aliases.length === 0 ? {} : { Aliases: network.aliases }),
    ...(Object.keys(network.driverOpts).length === 0 ? {} : { DriverOpts: network.driverOpts }),
    ...(network.gwPriority === 0 ? {} : { GwPriority: network.gwPriority }),
  };
}

function checkIp(text: string): string {
  if (ipVersion(text) === 0) throw invalidArgument(`invalid IP address: ${text}`);
  return text;
}

export interface ParsedNetworks {
  readonly mode: string;
  readonly endpoints: Record<string, EndpointSettings>;
}

/** The network mode and the endpoints that `--network` values, with the flags of the first network, ask for. */
export function parseNetworks(networks: readonly NetworkAttachment[], flags: EndpointFlags): ParsedNetworks {
  const endpoints: Record<string, EndpointSettings> = {};
  for (const [index, network] of (networks.length === 0 ? [attachment("default")] : networks).entries()) {
    const settings = toSettings(index === 0 ? withFlags(network, flags) : network);
    if (Object.hasOwn(endpoints, network.target))
      throw invalidArgument(`network ${JSON.stringify(network.target)} is specified multiple times`);
    const nothingAsked = networks.length === 1 && Object.keys(settings).length === 0;
    if (!nothingAsked) endpoints[network.target] = settings;
  }
  const userDefined = networks.map(({ target }) => isUserDefined(target));
  if (userDefined.includes(true) && userDefined.includes(false))
    throw invalidArgument(
      "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
    );
  return { mode: networks[0]?.target ?? "default", endpoints };
}
