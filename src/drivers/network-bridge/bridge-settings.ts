import { isIP, isIPv4, isIPv6 } from "node:net";
import { invalidArgument } from "../../base/errors.ts";
import { readGoBool } from "../../base/go-bool.ts";
import { shortId } from "../../base/ids.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { isLinkName } from "../../os/linux/netlink/mod.ts";
import { invalidOption } from "./errors.ts";

const PREFIX = "com.docker.network.bridge";

/** Keys of a network's options. Source: docker's reference of `docker network create`. */
export const OPTION = {
  name: `${PREFIX}.name`,
  interContainer: `${PREFIX}.enable_icc`,
  masquerade: `${PREFIX}.enable_ip_masquerade`,
  hostBinding: `${PREFIX}.host_binding_ipv4`,
  defaultBridge: `${PREFIX}.default_bridge`,
  inhibitIpv4: `${PREFIX}.inhibit_ipv4`,
  gatewayModeIpv4: `${PREFIX}.gateway_mode_ipv4`,
  gatewayModeIpv6: `${PREFIX}.gateway_mode_ipv6`,
  trustedInterfaces: `${PREFIX}.trusted_host_interfaces`,
  mtu: "com.docker.network.driver.mtu",
  sourceIpv4: "com.docker.network.host_ipv4",
  sourceIpv6: "com.docker.network.host_ipv6",
  interfacePrefix: "com.docker.network.container_iface_prefix",
} as const;

/** Key of an endpoint's options. */
export const INTERFACE_NAME_OPTION = "com.docker.network.endpoint.ifname";

/**
 * How a family of a network meets the outside: by addresses and published ports of the host; the same, with containers
 * open at their own addresses as well; at their own addresses only, where ports are published; not at all, the host
 * included. Source: docker, "Port publishing and mapping", gateway modes.
 */
export type GatewayMode = "nat" | "nat-unprotected" | "routed" | "isolated";

const GATEWAY_MODES: readonly string[] = ["nat", "nat-unprotected", "routed", "isolated"];

/** The options of a bridge network, read and completed. */
export interface BridgeSettings {
  /** Name of the bridge's link. */
  readonly bridge: string;
  readonly interContainer: boolean;
  readonly masquerade: boolean;
  /** Where ports are published that name no address; `0.0.0.0` for every address of both families. */
  readonly hostBinding: string;
  readonly defaultBridge: boolean;
  /** The bridge has no IPv4 address of its own. */
  readonly inhibitIpv4: boolean;
  readonly gatewayModeIpv4: GatewayMode;
  readonly gatewayModeIpv6: GatewayMode;
  /** Links of the host from which published ports are reached at the containers' own addresses, too. */
  readonly trustedInterfaces: readonly string[];
  /** The host's address that packets to the outside carry; undefined for that of the way they take. */
  readonly sourceIpv4: string | undefined;
  readonly sourceIpv6: string | undefined;
  /** Undefined for the kernel's default. */
  readonly mtu: number | undefined;
  /** What names of interfaces in containers start with. */
  readonly interfacePrefix: string;
}

function readBoolean(options: NetworkRecord["options"], key: string, fallback: boolean): boolean {
  const text = options[key];
  if (text === undefined) return fallback;
  const said = readGoBool(text);
  if (said !== undefined) return said;
  throw invalidOption(key, text, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function readMtu(options: NetworkRecord["options"]): number | undefined {
  const text = options[OPTION.mtu];
  if (text === undefined) return undefined;
  const mtu = Number(text);
  if (!/^-?\d+$/.test(text)) {
    throw invalidOption(OPTION.mtu, text, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  if (mtu < 0) throw invalidArgument(`invalid MTU number: ${mtu}`);
  if (mtu === 0) return undefined;
  // Source: linux/if_ether.h, ETH_MIN_MTU and ETH_MAX_MTU.
  if (mtu < 68 || mtu > 65_535) throw invalidArgument(`invalid MTU number: ${mtu}`);
  return mtu;
}

function readGatewayMode(network: NetworkRecord, key: string): GatewayMode {
  const mode = network.options[key];
  if (mode === undefined || mode === "") return "nat";
  if (!GATEWAY_MODES.includes(mode)) throw invalidOption(key, mode, `unknown gateway mode ${mode}`);
  if (mode === "isolated" && !network.internal) {
    throw invalidArgument("gateway mode 'isolated' can only be used for an internal network");
  }
  return mode as GatewayMode;
}

function readAddress(
  options: NetworkRecord["options"],
  key: string,
  isOfFamily: (text: string) => boolean,
): string | undefined {
  const text = options[key];
  if (text === undefined || text === "") return undefined;
  if (!isOfFamily(text)) throw invalidOption(key, text, "nil ip");
  return text;
}

function readTrustedInterfaces(options: NetworkRecord["options"]): string[] {
  const names = (options[OPTION.trustedInterfaces] ?? "").split(":").filter((name) => name !== "");
  const odd = names.find((name) => !isLinkName(name));
  if (odd !== undefined) throw invalidOption(OPTION.trustedInterfaces, odd, "invalid interface name");
  return names;
}

function readBridgeName(network: NetworkRecord): string {
  const name = network.options[OPTION.name] || `br-${shortId(network.id)}`;
  // The name is part of names in the packet filter too, which take fewer characters than the kernel does.
  if (!isLinkName(name) || !/^[A-Za-z0-9_.-]+$/.test(name)) {
    throw invalidArgument(`invalid bridge name: ${JSON.stringify(name)}`);
  }
  return name;
}

const ADVERTISED = ["com.docker.network.advertise_addr_nmsgs", "com.docker.network.advertise_addr_ms"];

/**
 * Nobody is told of a new interface's addresses: hardware addresses follow from them, so that neighbours' tables stay right.
 * Errors: invalidArgument for a network that asks for it.
 */
export function refuseAdvertising({ options }: NetworkRecord): void {
  const asked = ADVERTISED.find((name) => (options[name] ?? "0") !== "0");
  if (asked !== undefined)
    throw invalidOption(asked, options[asked]!, "addresses are not advertised here, only 0 is supported");
}

/** Reads the options of a bridge network. Errors: invalidArgument. */
export function readBridgeSettings(network: NetworkRecord): BridgeSettings {
  const { options } = network;
  const interfacePrefix = options[OPTION.interfacePrefix] || "eth";
  if (!isLinkName(`${interfacePrefix}0`)) {
    throw invalidArgument(`invalid interface name: ${JSON.stringify(interfacePrefix)}`);
  }
  return {
    bridge: readBridgeName(network),
    interContainer: readBoolean(options, OPTION.interContainer, true),
    masquerade: readBoolean(options, OPTION.masquerade, true),
    hostBinding: readAddress(options, OPTION.hostBinding, (text) => isIP(text) !== 0) ?? "0.0.0.0",
    defaultBridge: readBoolean(options, OPTION.defaultBridge, false),
    inhibitIpv4: readBoolean(options, OPTION.inhibitIpv4, false),
    gatewayModeIpv4: readGatewayMode(network, OPTION.gatewayModeIpv4),
    gatewayModeIpv6: readGatewayMode(network, OPTION.gatewayModeIpv6),
    trustedInterfaces: readTrustedInterfaces(options),
    sourceIpv4: readAddress(options, OPTION.sourceIpv4, isIPv4),
    sourceIpv6: readAddress(options, OPTION.sourceIpv6, isIPv6),
    mtu: readMtu(options),
    interfacePrefix,
  };
}

/** The options of the engine's own network `bridge` as docker shows them, where the configuration says nothing else. */
export function defaultBridgeOptions(network: NetworkRecord, bridge: string): Record<string, string> {
  return {
    [OPTION.defaultBridge]: "true",
    [OPTION.interContainer]: "true",
    [OPTION.masquerade]: "true",
    [OPTION.hostBinding]: "0.0.0.0",
    [OPTION.name]: bridge,
    [OPTION.mtu]: "1500",
    ...network.options,
  };
}
