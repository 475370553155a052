import { isIPv4 } from "node:net";
import { invalidArgument, notImplemented } from "../../base/errors.ts";
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
  hostBindingIpv4: `${PREFIX}.host_binding_ipv4`,
  defaultBridge: `${PREFIX}.default_bridge`,
  inhibitIpv4: `${PREFIX}.inhibit_ipv4`,
  gatewayModeIpv4: `${PREFIX}.gateway_mode_ipv4`,
  gatewayModeIpv6: `${PREFIX}.gateway_mode_ipv6`,
  trustedInterfaces: `${PREFIX}.trusted_host_interfaces`,
  mtu: "com.docker.network.driver.mtu",
  interfacePrefix: "com.docker.network.container_iface_prefix",
} as const;

/** Key of an endpoint's options. */
export const INTERFACE_NAME_OPTION = "com.docker.network.endpoint.ifname";

/** The options of a bridge network, read and completed. */
export interface BridgeSettings {
  /** Name of the bridge's link. */
  readonly bridge: string;
  readonly interContainer: boolean;
  readonly masquerade: boolean;
  /** Where ports are published that name no address. */
  readonly hostBindingIpv4: string;
  readonly defaultBridge: boolean;
  /** The bridge has no IPv4 address of its own. */
  readonly inhibitIpv4: boolean;
  /** The outside reaches containers of that family directly, published or not. */
  readonly openIpv4: boolean;
  readonly openIpv6: boolean;
  /** Undefined for the kernel's default. */
  readonly mtu: number | undefined;
  /** What names of interfaces in containers start with. */
  readonly interfacePrefix: string;
}

// Source: Go's strconv.ParseBool, which docker reads these with.
const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "FALSE", "false", "False"]);

function readBoolean(options: NetworkRecord["options"], key: string, fallback: boolean): boolean {
  const text = options[key];
  if (text === undefined) return fallback;
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
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

function readGatewayMode(options: NetworkRecord["options"], key: string): boolean {
  const mode = options[key] ?? "nat";
  if (mode === "nat" || mode === "") return false;
  if (mode === "nat-unprotected") return true;
  if (mode === "routed" || mode === "isolated") {
    throw notImplemented(`gateway mode ${mode} of ${key} is not supported`);
  }
  throw invalidOption(key, mode, `unknown gateway mode ${mode}`);
}

function readHostBinding(options: NetworkRecord["options"]): string {
  const text = options[OPTION.hostBindingIpv4];
  if (text === undefined || text === "") return "0.0.0.0";
  if (!isIPv4(text)) throw invalidOption(OPTION.hostBindingIpv4, text, "invalid ip");
  return text;
}

function readBridgeName(network: NetworkRecord): string {
  const name = network.options[OPTION.name] || `br-${shortId(network.id)}`;
  // The name is part of names in the packet filter too, which take fewer characters than the kernel does.
  if (!isLinkName(name) || !/^[A-Za-z0-9_.-]+$/.test(name)) {
    throw invalidArgument(`invalid bridge name: ${JSON.stringify(name)}`);
  }
  return name;
}

/** Reads the options of a bridge network. Errors: invalidArgument, notImplemented. */
export function readBridgeSettings(network: NetworkRecord): BridgeSettings {
  const { options } = network;
  if (options[OPTION.trustedInterfaces]) {
    throw notImplemented(`${OPTION.trustedInterfaces} is not supported`);
  }
  const interfacePrefix = options[OPTION.interfacePrefix] || "eth";
  if (!isLinkName(`${interfacePrefix}0`)) {
    throw invalidArgument(`invalid interface name: ${JSON.stringify(interfacePrefix)}`);
  }
  return {
    bridge: readBridgeName(network),
    interContainer: readBoolean(options, OPTION.interContainer, true),
    masquerade: readBoolean(options, OPTION.masquerade, true),
    hostBindingIpv4: readHostBinding(options),
    defaultBridge: readBoolean(options, OPTION.defaultBridge, false),
    inhibitIpv4: readBoolean(options, OPTION.inhibitIpv4, false),
    openIpv4: readGatewayMode(options, OPTION.gatewayModeIpv4),
    openIpv6: readGatewayMode(options, OPTION.gatewayModeIpv6),
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
    [OPTION.hostBindingIpv4]: "0.0.0.0",
    [OPTION.name]: bridge,
    [OPTION.mtu]: "1500",
    ...network.options,
  };
}
