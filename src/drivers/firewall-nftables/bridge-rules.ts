import { AF_INET, parsePrefix } from "../../os/linux/netlink/mod.ts";
import * as nft from "../../os/linux/nftables/mod.ts";
import { MAPS } from "./base-rules.ts";

/** What the firewall knows of one bridge. */
export interface FirewalledBridge {
  /** Name of the bridge's link. */
  readonly bridge: string;
  /** In CIDR notation, of either family. */
  readonly subnets: readonly string[];
  /** Cut off from everything but itself and the host. */
  readonly internal: boolean;
  /** Containers of the bridge reach each other. */
  readonly interContainer: boolean;
  /** Packets that leave the bridge's subnets carry the host's address. */
  readonly masquerade: boolean;
  /** Families whose containers the outside may reach directly, published or not. */
  readonly openIpv4: boolean;
  readonly openIpv6: boolean;
}

const into = (bridge: string) => `into-${bridge}`;
const outOf = (bridge: string) => `out-of-${bridge}`;

/** Sets that hold the bridge's subnets, with what they hold. */
function subnetElements(rules: FirewalledBridge): Array<readonly [set: string, key: nft.NftText]> {
  return rules.subnets.flatMap((text) => {
    const ipv4 = parsePrefix(text).family === AF_INET;
    const subnet = nft.network(text);
    const home = nft.concat(subnet, nft.linkName(rules.bridge));
    const masked = rules.masquerade && !rules.internal;
    return [
      [ipv4 ? MAPS.homeIpv4 : MAPS.homeIpv6, home] as const,
      ...(masked ? [[ipv4 ? MAPS.maskedIpv4 : MAPS.maskedIpv6, subnet] as const] : []),
    ];
  });
}

function intoRules(rules: FirewalledBridge): nft.NftText[] {
  const self = nft.linkName(rules.bridge);
  const verdict = nft.verdict(rules.interContainer ? "accept" : "drop");
  if (rules.internal) return [nft.nft`iifname ${self} ${verdict}`, nft.nft`drop`];
  return [
    nft.nft`ct state established,related accept`,
    // What came by a published port was translated before; nothing else from outside gets in.
    nft.nft`ct status dnat accept`,
    nft.nft`iifname ${self} ${verdict}`,
    // Other bridges of this engine stay outside of a network that lets neighbours in.
    nft.nft`iifname ${nft.reference(MAPS.bridges)} drop`,
    ...(rules.openIpv4 ? [nft.nft`meta nfproto ipv4 accept`] : []),
    ...(rules.openIpv6 ? [nft.nft`meta nfproto ipv6 accept`] : []),
    nft.nft`drop`,
  ];
}

/** Makes the bridge's chains and leads its packets to them; its chains must not be there or must be empty. */
export function addBridgeCommands(table: nft.NftTable, rules: FirewalledBridge): nft.NftCommand[] {
  const { bridge } = rules;
  const self = nft.linkName(bridge);
  const outOfRules = [nft.verdict(rules.internal ? "drop" : "accept")];
  const chain = (name: string, texts: readonly nft.NftText[]) => [
    nft.addChain(table, name),
    ...texts.map((text) => nft.addRule(table, name, text)),
  ];
  return [
    ...chain(into(bridge), intoRules(rules)),
    ...chain(outOf(bridge), outOfRules),
    nft.addElements(table, MAPS.bridges, [{ key: self }]),
    nft.addElements(table, MAPS.into, [{ key: self, value: nft.toChain("goto", into(bridge)) }]),
    nft.addElements(table, MAPS.outOf, [{ key: self, value: nft.toChain("goto", outOf(bridge)) }]),
    ...subnetElements(rules).map(([set, key]) => nft.addElements(table, set, [{ key }])),
  ];
}

/** Undoes `addBridgeCommands`. */
export function removeBridgeCommands(table: nft.NftTable, rules: FirewalledBridge): nft.NftCommand[] {
  const { bridge } = rules;
  const self = nft.linkName(bridge);
  const chains = [into(bridge), outOf(bridge)];
  return [
    ...[MAPS.bridges, MAPS.into, MAPS.outOf].map((map) => nft.deleteElements(table, map, [self])),
    ...subnetElements(rules).map(([set, key]) => nft.deleteElements(table, set, [key])),
    ...chains.map((chain) => nft.flushChain(table, chain)),
    ...chains.map((chain) => nft.deleteChain(table, chain)),
  ];
}

/** Whether a chain of that name belongs to some bridge. */
export function isBridgeChain(name: string): boolean {
  return [into(""), outOf("")].some((prefix) => name.startsWith(prefix));
}
