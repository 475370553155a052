import { isIPv4, isIPv6 } from "node:net";
import { invalidArgument } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { IpamPool } from "../../core/networks/network-record.ts";
import { Subnet } from "../../drivers/ipam/mod.ts";
import {
  type Address,
  AF_INET,
  AF_INET6,
  findLink,
  type IpFamily,
  listAddresses,
  withNetlink,
} from "../../os/linux/netlink/mod.ts";
import type { NetworkServiceParts } from "../../services/networks/mod.ts";
import type { DaemonSettings } from "../daemon-settings.ts";

/** Keys of a bridge network's options. */
const BRIDGE = "com.docker.network.bridge";

/**
 * What the settings say of the default bridge; undefined where they want none. Errors: invalidArgument for settings that
 * contradict each other, or a bridge that is not there.
 */
export function defaultBridgeOf(
  settings: DaemonSettings,
  logger: Logger,
): NetworkServiceParts["defaultBridge"] {
  const { bridge } = settings;
  if (bridge === "none") return undefined;
  for (const { bip } of [IPV4, IPV6]) {
    if (bridge === "" || settings[bip] === "") continue;
    throw invalidArgument(`You specified -b & --${bip}, mutually exclusive options. Please specify only one`);
  }
  checkHalf(IPV4, settings);
  checkHalf(IPV6, settings);
  if (!settings.icc && !settings.iptables) {
    throw invalidArgument(
      "You specified --iptables=false with --icc=false. ICC=false uses iptables to function. Please set --icc or --iptables to true",
    );
  }
  const addresses = bridge === "" ? [] : addressesOfLink(bridge);
  const pools = [
    poolOf(IPV4, settings, addresses, logger),
    settings.ipv6 ? poolOf(IPV6, settings, addresses, logger) : undefined,
  ];
  return {
    options: {
      [`${BRIDGE}.enable_icc`]: String(settings.icc),
      [`${BRIDGE}.enable_ip_masquerade`]: String(settings["ip-masq"] && settings.iptables),
      [`${BRIDGE}.host_binding_ipv4`]: settings.ip,
      ...(bridge === "" ? {} : { [`${BRIDGE}.name`]: bridge }),
      "com.docker.network.driver.mtu": String(settings.mtu),
    },
    pools: pools.filter((pool) => pool !== undefined),
    enableIpv6: settings.ipv6,
  };
}

/** What differs between the two halves of the default bridge's configuration. */
interface Half {
  readonly family: IpFamily;
  readonly isAddress: (text: string) => boolean;
  readonly bits: 32 | 128;
  readonly bip: "bip" | "bip6";
  readonly range: "fixed-cidr" | "fixed-cidr-v6";
  readonly gateway: "default-gateway" | "default-gateway-v6";
  /** Auxiliary address that containers use as their gateway. */
  readonly gatewayKey: string;
}

const IPV4: Half = {
  family: AF_INET,
  isAddress: isIPv4,
  bits: 32,
  bip: "bip",
  range: "fixed-cidr",
  gateway: "default-gateway",
  gatewayKey: "DefaultGatewayIPv4",
};
const IPV6: Half = {
  family: AF_INET6,
  isAddress: isIPv6,
  bits: 128,
  bip: "bip6",
  range: "fixed-cidr-v6",
  gateway: "default-gateway-v6",
  gatewayKey: "DefaultGatewayIPv6",
};

/** An address with its network, of the bridge or to be given to it. */
interface OwnAddress {
  readonly address: string;
  readonly subnet: Subnet;
}

/** The pool that settings and a given bridge's addresses ask for; undefined where they leave the choice open. */
function poolOf(
  half: Half,
  settings: DaemonSettings,
  addresses: readonly Address[],
  logger: Logger,
): IpamPool | undefined {
  const range = readSubnet(half, settings, half.range)?.subnet;
  const own = readSubnet(half, settings, half.bip) ?? chooseAddress(half, addresses, range);
  if (!own) return range && withGateway({ subnet: String(range), ipRange: String(range) }, half, settings);
  const pool = { subnet: String(own.subnet), gateway: own.address };
  const allocatable = range && isWithin(half, settings, own, range, logger) ? { ipRange: String(range) } : {};
  return withGateway({ ...pool, ...allocatable }, half, settings);
}

/** Errors: invalidArgument where a range outside cannot be passed over, as docker does for IPv4 on a given bridge. */
function isWithin(
  half: Half,
  settings: DaemonSettings,
  own: OwnAddress,
  range: Subnet,
  logger: Logger,
): boolean {
  if (own.subnet.contains(range)) return true;
  const text = `${half.range}=${settings[half.range]}`;
  if (settings[half.bip] !== "") {
    throw invalidArgument(`${text} is not within the network of ${half.bip}=${settings[half.bip]}`);
  }
  const reason = "is outside any subnet implied by addresses on the user-managed default bridge";
  if (half === IPV6) throw invalidArgument(`${text} ${reason}`);
  logger.warn(
    { bridge: settings.bridge, network: String(own.subnet) },
    `${text} ${reason}: it has no effect`,
  );
  return false;
}

/**
 * The address of a given bridge that says which network it is: one whose network holds the range, else the first one
 * within it, else the first. The kernel's own link-local address counts only for a range of such. Source: moby, selectBIP.
 */
function chooseAddress(
  { family }: Half,
  addresses: readonly Address[],
  range: Subnet | undefined,
): OwnAddress | undefined {
  const linkLocal = Subnet.parse("fe80::/64");
  const candidates = addresses
    .filter((address) => address.family === family)
    .map(({ address, prefixLength }) => ({ address, subnet: Subnet.parse(`${address}/${prefixLength}`) }))
    .filter(
      ({ address }) => !linkLocal.contains(Subnet.host(address)) || (range && linkLocal.contains(range)),
    );
  return (
    candidates.find(({ subnet }) => range && subnet.contains(range)) ??
    candidates.find(({ address }) => range?.contains(Subnet.host(address))) ??
    candidates[0]
  );
}

/** A bridge that the administrator made. Errors: invalidArgument where there is none. */
function addressesOfLink(name: string): Address[] {
  return withNetlink(undefined, (socket) => {
    const link = findLink(socket, name);
    if (!link) {
      throw invalidArgument(
        `Error initializing network controller: bridge device with non default bridge name ${name} must be created manually`,
      );
    }
    return listAddresses(socket).filter(({ linkIndex }) => linkIndex === link.index);
  });
}

function withGateway(pool: IpamPool, half: Half, settings: DaemonSettings): IpamPool {
  const gateway = settings[half.gateway];
  if (gateway === "" || gateway === pool.gateway) return pool;
  return { ...pool, auxAddresses: { [half.gatewayKey]: gateway } };
}

/** The value of a flag such as `--bip`; undefined where it is not set. Errors: invalidArgument. */
function readSubnet(
  half: Half,
  settings: DaemonSettings,
  flag: Half["bip" | "range"],
): OwnAddress | undefined {
  const text = settings[flag];
  if (text === "") return undefined;
  const [address = "", length = ""] = text.split("/");
  if (!half.isAddress(address) || !/^\d+$/.test(length) || Number(length) > half.bits) {
    throw invalidArgument(`invalid ${flag}: invalid CIDR address: ${text}`);
  }
  return { address, subnet: Subnet.parse(text) };
}

/** Errors: invalidArgument, also for the half that is switched off. */
function checkHalf(half: Half, settings: DaemonSettings): void {
  readSubnet(half, settings, half.range);
  readSubnet(half, settings, half.bip);
  const gateway = settings[half.gateway];
  if (gateway !== "" && !half.isAddress(gateway)) {
    throw invalidArgument(`ParseIP: invalid IP address: ${gateway}`);
  }
}
