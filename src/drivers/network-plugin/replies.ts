import { isIP, isIPv4, isIPv6 } from "node:net";
import type { EndpointRecord } from "../../core/networks/network-record.ts";
import { isLinkName } from "../../os/linux/netlink/mod.ts";
import { PluginRefusal, type Reply } from "../plugin-client/mod.ts";

/** What a plug-in says of itself. */
export interface NetworkPluginCapabilities {
  readonly scope: "local" | "global";
  /** It wants to say of each network whether that needs gateways. */
  readonly checksGateways: boolean;
}

export function readCapabilities(reply: Reply): NetworkPluginCapabilities {
  const scope = reply.text("Scope");
  if (scope !== "local" && scope !== "global") {
    throw new PluginRefusal(`invalid capability: expecting 'local' or 'global', got ${scope}`);
  }
  return { scope, checksGateways: reply.flag("GwAllocChecker") };
}

type Interface = Pick<
  EndpointRecord,
  "macAddress" | "ipv4Address" | "ipv4PrefixLength" | "ipv6Address" | "ipv6PrefixLength"
>;

/** The endpoint's addresses with what the plug-in adds to them; it must not change what is there. */
export function readInterface(reply: Reply, known: Interface): Interface {
  const offered = reply.object("Interface");
  if (!offered) return known;
  const ipv4 = readAddress(offered, "Address", 4);
  const ipv6 = readAddress(offered, "AddressIPv6", 6);
  const macAddress = offered.text("MacAddress");
  if (macAddress !== "") {
    if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(macAddress)) {
      throw offered.refuse(`address ${macAddress}: invalid MAC address`);
    }
    if (known.macAddress !== "") throw modified("interface MAC address", known.macAddress, macAddress);
  }
  if (ipv4 && known.ipv4Address !== "") {
    throw modified("interface IP", `${known.ipv4Address}/${known.ipv4PrefixLength}`, ipv4.text);
  }
  if (ipv6 && known.ipv6Address !== "") {
    throw modified("interface IP", `${known.ipv6Address}/${known.ipv6PrefixLength}`, ipv6.text);
  }
  return {
    macAddress: macAddress || known.macAddress,
    ipv4Address: ipv4?.address ?? known.ipv4Address,
    ipv4PrefixLength: ipv4?.length ?? known.ipv4PrefixLength,
    ipv6Address: ipv6?.address ?? known.ipv6Address,
    ipv6PrefixLength: ipv6?.length ?? known.ipv6PrefixLength,
  };
}

function modified(what: string, old: string, offered: string): PluginRefusal {
  const kind = what.includes("MAC") ? "MAC address" : "address";
  return new PluginRefusal(
    `driver modified interface ${kind}: endpoint ${what} present (${old}). Cannot be modified with ${kind === "address" ? `(${offered})` : offered}.`,
  );
}

function readAddress(reply: Reply, field: string, version: 4 | 6) {
  const text = reply.text(field);
  if (text === "") return undefined;
  const [address = "", length = "", ...rest] = text.split("/");
  const fits = /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128);
  if (isIP(address) !== version || !fits || rest.length > 0) {
    throw reply.refuse(`${field}: invalid CIDR address: ${text}`);
  }
  return { text, address, length: Number(length) };
}

/** A way that a plug-in wants packets to take. */
export interface StaticRoute {
  /** In CIDR notation. */
  readonly destination: string;
  /** Undefined where the destination is a neighbour on the link. */
  readonly nextHop: string | undefined;
}

/** How a container gets into a network, as the plug-in wants it. */
export interface JoinReply {
  /** The link on the host that becomes the container's, and the beginning of its name there; undefined for no link. */
  readonly link: { readonly sourceName: string; readonly prefix: string } | undefined;
  readonly ipv4Gateway: string;
  readonly ipv6Gateway: string;
  readonly routes: readonly StaticRoute[];
}

const NEXT_HOP = 0;
const CONNECTED = 1;
/** A link's name is at most 15 bytes, and a number follows. */
const LONGEST_PREFIX = 12;

export function readJoin(reply: Reply): JoinReply {
  const names = reply.object("InterfaceName");
  const sourceName = names?.text("SrcName") ?? "";
  const prefix = names?.text("DstPrefix") ?? "";
  if (sourceName !== "" && (!isLinkName(sourceName) || sourceName === "lo")) {
    throw reply.refuse(`failed to set interface name: invalid interface name: ${sourceName}`);
  }
  if (sourceName !== "" && (prefix.length > LONGEST_PREFIX || !isLinkName(`${prefix}0`))) {
    throw reply.refuse(`failed to set interface name: invalid interface name: ${prefix}0`);
  }
  const ipv4Gateway = reply.text("Gateway");
  const ipv6Gateway = reply.text("GatewayIPv6");
  if (ipv4Gateway !== "" && !isIPv4(ipv4Gateway)) {
    throw reply.refuse(`unable to parse Gateway "${ipv4Gateway}"`);
  }
  if (ipv6Gateway !== "" && !isIPv6(ipv6Gateway)) {
    throw reply.refuse(`unable to parse GatewayIPv6 "${ipv6Gateway}"`);
  }
  return {
    link: sourceName === "" ? undefined : { sourceName, prefix },
    ipv4Gateway,
    ipv6Gateway,
    routes: reply.objects("StaticRoutes").map(readRoute),
  };
}

function readRoute(route: Reply): StaticRoute {
  const text = route.text("Destination");
  const version = isIP(text.split("/")[0]!);
  if (version === 0 || !readAddress(route, "Destination", version === 4 ? 4 : 6)) {
    throw route.refuse(`Destination: invalid CIDR address: ${text}`);
  }
  const type = route.count("RouteType", CONNECTED);
  const nextHop = route.text("NextHop");
  if (type === NEXT_HOP && isIP(nextHop) !== version) {
    throw route.refuse(`failed to parse nexthop IP ${nextHop}`);
  }
  return { destination: text, nextHop: type === NEXT_HOP ? nextHop : undefined };
}
