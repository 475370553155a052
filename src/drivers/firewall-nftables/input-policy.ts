import { AF_INET } from "../../os/linux/netlink/mod.ts";
import * as nft from "../../os/linux/nftables/mod.ts";
import { familyOf, isTranslated, isWildcard, type PublishedPort } from "./published-port.ts";

/**
 * A pair of links of the host that leads back into it. The first packet of a connection to a published port passes the
 * host's own `input` rules untranslated; what they let through enters the pair, and is translated where it comes out. All
 * further packets of the connection take the usual way, since translation is decided once for each.
 */
export interface InputLoop {
  /** Index of the end that packets are sent into. */
  readonly entrance: number;
  /** Name of the end that they arrive at. */
  readonly exit: string;
  /** Addresses that the entrance leads to the exit. */
  readonly ipv4Neighbour: string;
  readonly ipv6Neighbour: string;
}

const CHAIN = "input";
const ANY = "any";
const ONE = "one";
/** Behind every filter, before connection tracking keeps what it saw. Source: linux/netfilter_ipv4.h. */
const LAST_PRIORITY = 2_147_483_000;

const FAMILIES = ["ip", "ip6"] as const;

/** The same name in the families that know how to send a copy of a packet elsewhere; `inet` does not. */
function tables(name: string): Record<(typeof FAMILIES)[number], nft.NftTable> {
  return { ip: { family: "ip", name }, ip6: { family: "ip6", name } };
}

/** Makes the tables that lead accepted packets into the loop; they must not be there. */
export function inputPolicyCommands(name: string, loop: InputLoop): nft.NftCommand[] {
  return FAMILIES.flatMap((family) => {
    const table = tables(name)[family];
    const address = family === "ip" ? "ipv4_addr" : "ipv6_addr";
    const daddr = family === "ip" ? nft.nft`ip daddr` : nft.nft`ip6 daddr`;
    const neighbour = nft.address(family === "ip" ? loop.ipv4Neighbour : loop.ipv6Neighbour);
    const enter = nft.nft`dup to ${neighbour} device ${nft.number(loop.entrance)} drop`;
    const foreign = nft.nft`iifname != { "lo", ${nft.linkName(loop.exit)} }`;
    return [
      nft.addTable(table),
      nft.addSet(table, ANY, { key: ["inet_proto", "inet_service"] }),
      nft.addSet(table, ONE, { key: [address, "inet_proto", "inet_service"] }),
      nft.addChain(table, CHAIN, { type: "filter", hook: "input", priority: LAST_PRIORITY }),
      nft.addRule(
        table,
        CHAIN,
        nft.nft`${foreign} ${daddr} . meta l4proto . th dport ${nft.reference(ONE)} ${enter}`,
      ),
      nft.addRule(table, CHAIN, nft.nft`${foreign} meta l4proto . th dport ${nft.reference(ANY)} ${enter}`),
    ];
  });
}

/** The tables are gone, whether they were there or not. */
export function removeInputPolicyCommands(name: string): nft.NftCommand[] {
  return FAMILIES.flatMap((family) => nft.deleteTable(tables(name)[family]));
}

function elementsOf(name: string, ports: readonly PublishedPort[]) {
  return ports.filter(isTranslated).map((port) => {
    const place = [nft.protocol(port.protocol), nft.port(port.hostPort)];
    return {
      table: tables(name)[familyOf(port) === AF_INET ? "ip" : "ip6"],
      set: isWildcard(port) ? ANY : ONE,
      key: nft.concat(...(isWildcard(port) ? [] : [nft.address(port.hostIp)]), ...place),
    };
  });
}

export function addInputPortCommands(name: string, ports: readonly PublishedPort[]): nft.NftCommand[] {
  return elementsOf(name, ports).map(({ table, set, key }) => nft.addElements(table, set, [{ key }]));
}

/** Undoes `addInputPortCommands`. */
export function removeInputPortCommands(name: string, ports: readonly PublishedPort[]): nft.NftCommand[] {
  return elementsOf(name, ports).map(({ table, set, key }) => nft.deleteElements(table, set, [key]));
}
