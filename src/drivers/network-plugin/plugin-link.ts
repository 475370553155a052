import { constants } from "node:fs";
import { internal } from "../../base/errors.ts";
import type { JoinOptions, Sandbox } from "../../core/networks/network-driver.ts";
import type { EndpointRecord } from "../../core/networks/network-record.ts";
import { openFd } from "../../os/linux/fd.ts";
import { withNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { configureInterface } from "../network-sandbox/mod.ts";
import type { StaticRoute } from "./replies.ts";

/** Where plug-ins make their links: the namespace of this process, or a file. */
const OWN_NAMESPACE = "/proc/self/ns/net";

/**
 * The host's link `endpoint.hostInterfaceName` is in the sandbox as `endpoint.interfaceName`, with the endpoint's
 * addresses and routes. Returns its hardware address. It is back where it was where this throws.
 * Errors: internal (there is no such link), NetlinkError.
 */
export function takeLink(
  endpoint: EndpointRecord,
  sandbox: Sandbox,
  routes: readonly StaticRoute[],
  options: JoinOptions,
  hostNamespace: string = OWN_NAMESPACE,
): string {
  using inside = openFd(sandbox.path, constants.O_RDONLY);
  const { hostInterfaceName: outer, interfaceName: inner } = endpoint;
  nl.withNetlink(hostNamespace, (host) => {
    const link = nl.findLink(host, outer);
    if (!link) throw internal(`failed to add interface ${outer} to sandbox: Link not found`);
    host.execute(
      nl.changeLink(link.index, { up: false }),
      nl.changeLink(link.index, { namespace: { fd: inside.fd }, name: inner }),
    );
  });
  try {
    return withNetworkNamespace(inside.fd, () => {
      using socket = nl.NetlinkSocket.open();
      if (endpoint.macAddress !== "") {
        socket.execute(nl.changeNamedLink(inner, { mac: endpoint.macAddress }));
      }
      configureInterface(endpoint, options.defaultRoute);
      const { index: linkIndex, mac } = nl.findLink(socket, inner)!;
      socket.execute(...routes.map((route) => nl.replaceRoute(routeOver(linkIndex, route))));
      return mac ?? "";
    });
  } catch (error) {
    giveLinkBack(endpoint, sandbox, hostNamespace);
    throw error;
  }
}

/** The plug-in has its link back under the link's old name, where it is still there. Idempotent. */
export function giveLinkBack(
  { hostInterfaceName: outer, interfaceName: inner }: EndpointRecord,
  sandbox: Sandbox,
  hostNamespace: string = OWN_NAMESPACE,
): void {
  if (inner === "") return;
  using host = openFd(hostNamespace, constants.O_RDONLY);
  nl.withNetlink(sandbox.path, (socket) => {
    const link = nl.findLink(socket, inner);
    if (!link) return;
    socket.executeIgnoring(
      ["ENODEV"],
      [
        nl.changeLink(link.index, { up: false }),
        nl.changeLink(link.index, { namespace: { fd: host.fd }, name: outer }),
      ],
    );
  });
}

function routeOver(linkIndex: number, { destination, nextHop }: StaticRoute): nl.RouteSpec {
  if (nextHop !== undefined) return { destination, gateway: nextHop, linkIndex };
  return { destination, linkIndex, scope: "link" };
}
