import { AF_INET } from "../../os/linux/netlink/mod.ts";
import * as nft from "../../os/linux/nftables/mod.ts";
import { MAPS } from "./base-rules.ts";
import { familyOf, isWildcard, type PublishedPort } from "./published-port.ts";

type PortMap = (typeof MAPS)["anyIpv4" | "anyIpv6" | "oneIpv4" | "oneIpv6"];

function mapOf(port: PublishedPort): PortMap {
  if (familyOf(port) === AF_INET) return isWildcard(port) ? MAPS.anyIpv4 : MAPS.oneIpv4;
  return isWildcard(port) ? MAPS.anyIpv6 : MAPS.oneIpv6;
}

function elementKey(port: PublishedPort): nft.NftText {
  const place = [nft.protocol(port.protocol), nft.port(port.hostPort)];
  return nft.concat(...(isWildcard(port) ? [] : [nft.address(port.hostIp)]), ...place);
}

function byMap(ports: readonly PublishedPort[]): Array<[PortMap, PublishedPort[]]> {
  const groups = new Map<PortMap, PublishedPort[]>();
  for (const port of ports) {
    const group = groups.get(mapOf(port));
    if (group) group.push(port);
    else groups.set(mapOf(port), [port]);
  }
  return [...groups];
}

function anyIpv6Keys(ports: readonly PublishedPort[]): nft.NftText[] {
  return ports.filter((port) => mapOf(port) === MAPS.anyIpv6).map(elementKey);
}

/** Leads the ports to their containers. */
export function addPortCommands(table: nft.NftTable, ports: readonly PublishedPort[]): nft.NftCommand[] {
  const ipv6 = anyIpv6Keys(ports).map((key) => ({ key }));
  return [
    ...byMap(ports).map(([map, group]) =>
      nft.addElements(
        table,
        map,
        group.map((port) => ({
          key: elementKey(port),
          value: nft.concat(nft.address(port.containerIp), nft.port(port.containerPort)),
        })),
      ),
    ),
    ...(ipv6.length > 0 ? [nft.addElements(table, MAPS.portsIpv6, ipv6)] : []),
  ];
}

/** Undoes `addPortCommands`. */
export function removePortCommands(table: nft.NftTable, ports: readonly PublishedPort[]): nft.NftCommand[] {
  const ipv6 = anyIpv6Keys(ports);
  return [
    ...byMap(ports).map(([map, group]) => nft.deleteElements(table, map, group.map(elementKey))),
    ...(ipv6.length > 0 ? [nft.deleteElements(table, MAPS.portsIpv6, ipv6)] : []),
  ];
}
