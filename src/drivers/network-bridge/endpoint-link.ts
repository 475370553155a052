import { constants, writeFileSync } from "node:fs";
import type { EndpointRecord } from "../../core/networks/network-record.ts";
import { openFd } from "../../os/linux/fd.ts";
import { withNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { Host } from "./bridge-link.ts";

export interface EndpointLinkOptions {
  readonly bridgeIndex: number;
  readonly mtu: number | undefined;
  /** The bridge passes nothing from this port to other containers' ports. */
  readonly isolated: boolean;
  readonly defaultRoute: boolean;
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
    nl.changeNamedLink(endpoint.hostInterfaceName, { alias: host.owner.aliasOf(endpoint.id) }),
    nl.changeBridgePort(endpoint.hostInterfaceName, {
      // Where bridged packets pass the packet filter, a container's call of its own published port is turned back
      // inside the bridge.
      hairpin: endpoint.ports.length > 0,
      isolated: options.isolated,
    }),
  ];
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

/** Runs with this thread in the sandbox. */
function configureInside(endpoint: EndpointRecord, defaultRoute: boolean): void {
  using socket = nl.NetlinkSocket.open();
  const linkIndex = nl.findLink(socket, endpoint.interfaceName)!.index;
  const families = [
    { prefix: `${endpoint.ipv4Address}/${endpoint.ipv4PrefixLength}`, gateway: endpoint.ipv4Gateway },
    { prefix: `${endpoint.ipv6Address}/${endpoint.ipv6PrefixLength}`, gateway: endpoint.ipv6Gateway },
  ].filter(({ prefix }) => !prefix.startsWith("/"));
  // A container without an IPv6 network has no IPv6 on that interface either, not even the address that the kernel
  // makes up itself. With one, that address is usable at once.
  if (endpoint.ipv6Address === "") writeIpv6Setting(endpoint, "disable_ipv6", "1");
  else writeIpv6Setting(endpoint, "accept_dad", "0");
  socket.execute(
    ...families.map(({ prefix }) => nl.addAddress({ linkIndex, prefix, noDad: true })),
    nl.setLinkUp(linkIndex),
    ...families
      .filter(({ gateway }) => defaultRoute && gateway !== "")
      .map(({ gateway }) => nl.replaceRoute({ destination: "default", gateway, linkIndex })),
  );
}

function writeIpv6Setting({ interfaceName }: EndpointRecord, key: string, value: string): void {
  try {
    writeFileSync(nl.sysctlPath(`net/ipv6/conf/${interfaceName}/${key}`), value);
  } catch (error) {
    // A kernel without IPv6 has nothing to set.
    if (!isErrno(error, "ENOENT")) throw error;
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
    withNetworkNamespace(sandbox.fd, () => configureInside(endpoint, options.defaultRoute));
  } catch (error) {
    deleteEndpointLink(host, endpoint);
    throw error;
  }
}

/** The endpoint's pair is gone; idempotent. A link of somebody else under the same name stays. */
export function deleteEndpointLink(host: Host, endpoint: EndpointRecord): void {
  const link = nl.findLink(host.socket, endpoint.hostInterfaceName);
  if (link && host.owner.idOf(link) === endpoint.id) {
    host.socket.executeIgnoring(["ENODEV"], [nl.deleteLink(link.index)]);
  }
}
