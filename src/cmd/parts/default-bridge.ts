import { isIPv4, isIPv6 } from "node:net";
import { invalidArgument } from "../../base/errors.ts";
import type { IpamPool } from "../../core/networks/network-record.ts";
import { Subnet } from "../../drivers/ipam/mod.ts";
import { AF_INET, findLink, listAddresses, withNetlink } from "../../os/linux/netlink/mod.ts";
import type { NetworkServiceParts } from "../../services/networks/mod.ts";
import type { DaemonSettings } from "../daemon-settings.ts";

// Keys of a bridge network's options, and of an auxiliary address that containers use as their gateway.
const BRIDGE = "com.docker.network.bridge";
const GATEWAY_IPV4 = "DefaultGatewayIPv4";
const GATEWAY_IPV6 = "DefaultGatewayIPv6";

/**
 * What the settings say of the default bridge; undefined where they want none. Errors: invalidArgument for settings that
 * contradict each other, or a bridge that is not there.
 */
export function defaultBridgeOf(settings: DaemonSettings): NetworkServiceParts["defaultBridge"] {
  const { bridge, bip } = settings;
  if (bridge === "none") return undefined;
  if (bridge !== "" && bip !== "") {
    throw invalidArgument("You specified -b & --bip, mutually exclusive options. Please specify only one");
  }
  if (!settings.icc && !settings.iptables) {
    throw invalidArgument(
      "You specified --iptables=false with --icc=false. ICC=false uses iptables to function. Please set --icc or --iptables to true",
    );
  }
  const pools = bridge === "" ? [ipv4Pool(settings), ipv6Pool(settings)] : poolsOfLink(bridge, settings);
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

function ipv4Pool(settings: DaemonSettings): IpamPool | undefined {
  const { bip } = settings;
  const range = settings["fixed-cidr"];
  if (range !== "") checkCidr(range, "fixed-cidr", isIPv4);
  if (bip === "" && range === "") return undefined;
  if (bip === "") return withGateway({ subnet: String(Subnet.parse(range)) }, settings);
  const [gateway] = bip.split("/");
  checkCidr(bip, "bip", isIPv4);
  const subnet = Subnet.parse(bip);
  if (range !== "" && !subnet.contains(Subnet.parse(range))) {
    throw invalidArgument(`fixed-cidr=${range} is not within the network of bip=${bip}`);
  }
  const pool = { subnet: String(subnet), gateway: gateway!, ...(range === "" ? {} : { ipRange: range }) };
  return withGateway(pool, settings);
}

function ipv6Pool(settings: DaemonSettings): IpamPool | undefined {
  const range = settings["fixed-cidr-v6"];
  const gateway = settings["default-gateway-v6"];
  if (gateway !== "" && !isIPv6(gateway)) throw invalidArgument(`ParseIP: invalid IP address: ${gateway}`);
  if (range === "") return undefined;
  checkCidr(range, "fixed-cidr-v6", isIPv6);
  if (!settings.ipv6) return undefined;
  return {
    subnet: String(Subnet.parse(range)),
    ...(gateway === "" ? {} : { auxAddresses: { [GATEWAY_IPV6]: gateway } }),
  };
}

/** A bridge that the administrator made: its addresses say which network it is. */
function poolsOfLink(name: string, settings: DaemonSettings): IpamPool[] {
  const addresses = withNetlink(undefined, (socket) => {
    const link = findLink(socket, name);
    if (!link) {
      throw invalidArgument(
        `Error initializing network controller: bridge device with non default bridge name ${name} must be created manually`,
      );
    }
    return listAddresses(socket).filter(({ linkIndex }) => linkIndex === link.index);
  });
  const ipv4 = addresses.find(({ family }) => family === AF_INET);
  if (!ipv4) throw invalidArgument(`the bridge ${name} has no IPv4 address`);
  const range = settings["fixed-cidr"];
  return [
    withGateway(
      {
        subnet: String(Subnet.parse(`${ipv4.address}/${ipv4.prefixLength}`)),
        gateway: ipv4.address,
        ...(range === "" ? {} : { ipRange: range }),
      },
      settings,
    ),
  ];
}

function withGateway(pool: IpamPool, settings: DaemonSettings): IpamPool {
  const gateway = settings["default-gateway"];
  if (gateway === "") return pool;
  if (!isIPv4(gateway)) throw invalidArgument(`ParseIP: invalid IP address: ${gateway}`);
  return gateway === pool.gateway ? pool : { ...pool, auxAddresses: { [GATEWAY_IPV4]: gateway } };
}

function checkCidr(text: string, flag: string, isAddress: (address: string) => boolean): void {
  const [address = "", length = ""] = text.split("/");
  const bits = isAddress === isIPv4 ? 32 : 128;
  if (!isAddress(address) || !/^\d+$/.test(length) || Number(length) > bits) {
    throw invalidArgument(`invalid ${flag}: invalid CIDR address: ${text}`);
  }
}
