import { constants } from "node:fs";
import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import { openFd } from "../../os/linux/fd.ts";
import { withNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { configureInterface, type DefaultRoute } from "../network-sandbox/mod.ts";
import { ensureBridge, type Host } from "./bridge-link.ts";
import { readBridgeSettings } from "./bridge-settings.ts";

export interface EndpointLinkOptions {
  readonly bridgeIndex: number;
  readonly mtu: number | undefined;
  /** The bridge passes nothing from this port to other containers' ports. */
  readonly isolated: boolean;
  readonly defaultRoute: DefaultRoute;
}

function pairRequests(
  host: Host,
  endpoint: EndpointRecord,
  options: EndpointLinkOptions,
  sandboxFd: number,
): nl.NetlinkRequest[] {
  const mtu = options.mtu === undefined ? {} : { mtu: options.mtu };
  return [
    nl.addLink(
      {
        name: endpoint.hostInterfaceName,
        masterIndex: options.bridgeIndex,
        up: true,
        ...mtu,
      },
      {
        kind: "veth",
        peer: {
          name: endpoint.interfaceName,
          mac: endpoint.macAddress,
          namespace: { fd: sandboxFd },
          ...mtu,
        },
      },
    ),
    // The kernel takes no alias while it makes a link. All requests travel in one system call.
    nl.changeNamedLink(endpoint.hostInterfaceName, {
      alias: host.owner.unfinishedAliasOf(endpoint.id),
    }),
    portRequest(endpoint, options.isolated),
  ];
}

/** `isolated`: the bridge passes nothing from this port to other containers' ports. */
function portRequest(endpoint: EndpointRecord, isolated: boolean): nl.NetlinkRequest {
  return nl.changeBridgePort(endpoint.hostInterfaceName, {
    // Where bridged packets pass the packet filter, a container's call of its own published port is turned back
    // inside the bridge.
    hairpin: endpoint.ports.length > 0,
    isolated,
  });
}

/** The network's bridge is there, and so are its endpoints' pairs in it as far as there are pairs. Idempotent. Errors: as ensureBridge. */
export function restoreBridge(
  host: Host,
  network: NetworkRecord,
  endpoints: readonly EndpointRecord[],
): void {
  const settings = readBridgeSettings(network);
  const masterIndex = ensureBridge(host, network, settings);
  for (const endpoint of endpoints) {
    // A link of that name that is no port of this bridge any more, or no link at all.
    host.socket.executeIgnoring(
      ["ENODEV"],
      [
        nl.changeNamedLink(endpoint.hostInterfaceName, { masterIndex, up: true }),
        portRequest(endpoint, !settings.interContainer),
      ],
    );
  }
}

/** Makes the pair; what an earlier attempt left under the same name is replaced. */
function makePair(host: Host, requests: readonly nl.NetlinkRequest[], endpoint: EndpointRecord): void {
  try {
    host.socket.execute(...requests);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    deleteEndpointLink(host, endpoint);
    host.socket.execute(...requests);
  }
}

/**
 * The endpoint's interface is in the sandbox with its addresses and routes, its other end is a port of the bridge, both
 * up. Repeating it makes the pair anew. Nothing is left where it throws. Errors: NetlinkError, SyscallError.
 */
export function makeEndpointLink(
  host: Host,
  endpoint: EndpointRecord,
  sandboxPath: string,
  options: EndpointLinkOptions,
): void {
  using sandbox = openFd(sandboxPath, constants.O_RDONLY);
  makePair(host, pairRequests(host, endpoint, options, sandbox.fd), endpoint);
  try {
    withNetworkNamespace(sandbox.fd, () => configureInterface(endpoint, options.defaultRoute));
    const alias = host.owner.aliasOf(endpoint.id);
    host.socket.execute(nl.changeNamedLink(endpoint.hostInterfaceName, { alias }));
  } catch (error) {
    deleteEndpointLink(host, endpoint);
    throw error;
  }
}

/** Whether the endpoint's pair is gone, or was never finished. */
export function isPairMissing(host: Host, endpoint: EndpointRecord): boolean {
  const link = nl.findLink(host.socket, endpoint.hostInterfaceName);
  return link === undefined || !host.owner.isFinished(link);
}

/** The endpoint's pair is gone; idempotent. A link of somebody else under the same name stays. */
export function deleteEndpointLink(host: Host, endpoint: EndpointRecord): void {
  const link = nl.findLink(host.socket, endpoint.hostInterfaceName);
  if (link && host.owner.idOf(link) === endpoint.id) {
    host.socket.executeIgnoring(["ENODEV"], [nl.deleteLink(link.index)]);
  }
}
