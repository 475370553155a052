import * as nl from "../../os/linux/netlink/mod.ts";
import { Subnet } from "../ipam/mod.ts";
import type { Host } from "./bridge-link.ts";

/** What the host has addresses in or routes to, this engine's own links left out: a new network must not touch it. */
export function subnetsInUse(host: Host): Subnet[] {
  const own = new Set(
    nl
      .listLinks(host.socket)
      .filter((link) => host.owner.idOf(link) !== undefined)
      .map(({ index }) => index),
  );
  const routes = [nl.AF_INET, nl.AF_INET6]
    .flatMap((family) => nl.listRoutes(host.socket, { family: family as nl.IpFamily }))
    .filter(({ destination, linkIndex }) => destination !== "default" && !own.has(linkIndex ?? 0))
    .map(({ destination }) => Subnet.parse(destination));
  const addresses = nl
    .listAddresses(host.socket)
    .filter(({ linkIndex }) => !own.has(linkIndex))
    .map(({ address, prefixLength }) => Subnet.parse(`${address}/${prefixLength}`));
  // A route to everything, in halves as VPN clients like it, does not mean that nothing is left.
  return [...routes, ...addresses].filter(({ prefixLength }) => prefixLength > 1);
}
