import { createHash } from "node:crypto";
import { conflict } from "../../base/errors.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { macAddressOf, Subnet } from "../ipam/mod.ts";
import type { BridgeSettings } from "./bridge-settings.ts";
import { isEngineLink, type LinkOwner } from "./link-owner.ts";

/** Where the host's part of networks is made. */
export interface Host {
  readonly socket: nl.NetlinkSocket;
  /** The network namespace of the socket; the process's own for undefined. */
  readonly namespace: string | undefined;
  readonly owner: LinkOwner;
  /** Whether the host is told to forward packets. */
  readonly forwarding: boolean;
  /** The default network's bridge, where an administrator made it. */
  readonly foreignBridge: string | undefined;
}

/** The gateways of a network that its bridge answers to, `address/length`. */
function gatewayPrefixes(network: NetworkRecord, settings: BridgeSettings): string[] {
  return network.pools.flatMap(({ subnet, gateway }) => {
    const { family, prefixLength } = Subnet.parse(subnet);
    // Without one where the network's gateway is somebody else, or the host is to stay out.
    const wanted = gateway && !(family === nl.AF_INET && settings.inhibitIpv4);
    return wanted ? [`${gateway}/${prefixLength}`] : [];
  });
}

/** A fixed address, so that the bridge's own does not change with its ports. */
function bridgeMac(networkId: string): string {
  return macAddressOf(createHash("sha256").update(networkId).digest().subarray(0, 4));
}

function checkOwner(host: Host, link: nl.Link, network: NetworkRecord, settings: BridgeSettings): void {
  const id = host.owner.idOf(link);
  if (id === network.id) return;
  // A bridge that an administrator made is used as it is; one that an engine made has rules and addresses of its own.
  const foreign =
    id !== undefined || isEngineLink(link) || (settings.defaultBridge && link.name !== host.foreignBridge);
  if (link.type === "bridge" && !foreign) return;
  throw conflict(`the interface ${link.name} exists and does not belong to network ${network.name}`);
}

function makeBridge(host: Host, network: NetworkRecord, settings: BridgeSettings): nl.Link {
  host.socket.execute(
    nl.addLink(
      {
        name: settings.bridge,
        mac: bridgeMac(network.id),
        ...(settings.mtu === undefined ? {} : { mtu: settings.mtu }),
      },
      { kind: "bridge", stp: false },
    ),
    // The kernel takes no alias while it makes a link. Both requests travel in one system call.
    nl.changeNamedLink(settings.bridge, { alias: host.owner.aliasOf(network.id) }),
  );
  return nl.findLink(host.socket, settings.bridge)!;
}

/** Writes settings of which some may not exist: a kernel without IPv6 has none of its. */
export function writePresentSysctls(host: Host, settings: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(settings)) {
    try {
      if (nl.readSysctl(key, host.namespace) !== value) nl.writeSysctls({ [key]: value }, host.namespace);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
  }
}

/**
 * Containers whose ports are kept apart meet at the host, which answers for each to the others at once and decides about
 * their packets. Source: kernel, ip-sysctl, proxy_arp_pvlan (RFC 3069).
 */
function flowSettings(bridge: string): Record<string, string> {
  return { [`net/ipv4/conf/${bridge}/proxy_arp_pvlan`]: "1", [`net/ipv4/neigh/${bridge}/proxy_delay`]: "0" };
}

function enableForwarding(host: Host, network: NetworkRecord, settings: BridgeSettings): void {
  const { bridge } = settings;
  const conf = (family: string, key: string) => `net/${family}/conf/${bridge}/${key}`;
  if (network.enableIpv4) {
    // Programs of the host reach published ports by 127.0.0.1 only where 127/8 may be routed to the bridge.
    writePresentSysctls(host, {
      ...(host.forwarding ? { "net/ipv4/ip_forward": "1" } : {}),
      [conf("ipv4", "route_localnet")]: "1",
      ...(settings.interContainer ? {} : flowSettings(bridge)),
    });
  }
  // The kernel makes up an address of its own otherwise.
  if (!network.enableIpv6 || settings.gatewayModeIpv6 === "isolated") {
    writePresentSysctls(host, { [conf("ipv6", "disable_ipv6")]: "1" });
    return;
  }
  writePresentSysctls(host, {
    [conf("ipv6", "disable_ipv6")]: "0",
    [conf("ipv6", "accept_ra")]: "0",
    // The host asks for containers from its link-local address, which would not be usable for a second.
    [conf("ipv6", "accept_dad")]: "0",
    ...(host.forwarding
      ? { "net/ipv6/conf/default/forwarding": "1", "net/ipv6/conf/all/forwarding": "1" }
      : {}),
  });
}

/**
 * The bridge is there and up, with the gateways as its addresses, and the host forwards between it and the rest.
 * Returns its index. Idempotent. Errors: conflict where the name is somebody else's, NetlinkError.
 */
export function ensureBridge(host: Host, network: NetworkRecord, settings: BridgeSettings): number {
  let link = nl.findLink(host.socket, settings.bridge);
  if (!link && settings.bridge === host.foreignBridge) {
    throw conflict(`the bridge ${settings.bridge} is gone; whoever made it has to make it again`);
  }
  if (link) checkOwner(host, link, network, settings);
  else link = makeBridge(host, network, settings);
  const linkIndex = link.index;
  enableForwarding(host, network, settings);
  host.socket.executeIgnoring(
    ["EEXIST"],
    [
      ...gatewayPrefixes(network, settings).map((prefix) =>
        nl.addAddress({ linkIndex, prefix, noDad: true }),
      ),
      nl.setLinkUp(linkIndex),
    ],
  );
  return linkIndex;
}

/** The bridge is gone, unless an administrator made it. Idempotent. */
export function deleteBridge(host: Host, network: NetworkRecord, settings: BridgeSettings): void {
  const link = nl.findLink(host.socket, settings.bridge);
  if (link && host.owner.idOf(link) === network.id) {
    host.socket.executeIgnoring(["ENODEV"], [nl.deleteLink(link.index)]);
  }
}
