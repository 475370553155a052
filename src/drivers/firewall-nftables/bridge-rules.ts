import { AF_INET, parsePrefix } from "../../os/linux/netlink/mod.ts";
import * as nft from "../../os/linux/nftables/mod.ts";
import { MAPS } from "./base-rules.ts";

/** How one address family of a bridge meets the outside. */
export interface FamilyRules {
  /** Packets that leave the bridge's subnets carry the host's address. */
  readonly masquerade: boolean;
  /** Which of the host's addresses that is; undefined for that of the way they take. */
  readonly source: string | undefined;
  /** What the outside reaches at the containers' own addresses: nothing, ports that are published directly, everything. */
  readonly direct: "nothing" | "published" | "everything";
}

/** What the firewall knows of one bridge. */
export interface FirewalledBridge {
  /** Name of the bridge's link. */
  readonly bridge: string;
  /** In CIDR notation, of either family. */
  readonly subnets: readonly string[];
  /** Cut off from everything but itself and the host. */
  readonly internal: boolean;
  /** Containers of the bridge reach each other; otherwise only by flows that are allowed one by one. */
  readonly interContainer: boolean;
  readonly ipv4: FamilyRules;
  readonly ipv6: FamilyRules;
  /** Links of the host from which ports that are published directly are reached at the containers' own addresses. */
  readonly trusted: readonly string[];
}

const into = (bridge: string) => `into-${bridge}`;
const outOf = (bridge: string) => `out-of-${bridge}`;

/** Sets and maps that hold the bridge's subnets, with what they hold. */
function subnetElements(rules: FirewalledBridge): Array<readonly [set: string, element: nft.NftElement]> {
  return rules.subnets.flatMap((text) => {
    const isIpv4 = parsePrefix(text).family === AF_INET;
    const { masquerade, source } = isIpv4 ? rules.ipv4 : rules.ipv6;
    const subnet = nft.network(text);
    const home = { key: nft.concat(subnet, nft.linkName(rules.bridge)) };
    const elements: Array<readonly [string, nft.NftElement]> = [
      [isIpv4 ? MAPS.homeIpv4 : MAPS.homeIpv6, home],
    ];
    if (!masquerade || rules.internal) return elements;
    elements.push(
      source === undefined
        ? [isIpv4 ? MAPS.maskedIpv4 : MAPS.maskedIpv6, { key: subnet }]
        : [isIpv4 ? MAPS.sourceIpv4 : MAPS.sourceIpv6, { key: subnet, value: nft.address(source) }],
    );
    return elements;
  });
}

const PUBLISHED_DIRECTLY = {
  ipv4: nft.nft`ip daddr . meta l4proto . th dport ${nft.reference(MAPS.directIpv4)} accept`,
  ipv6: nft.nft`ip6 daddr . meta l4proto . th dport ${nft.reference(MAPS.directIpv6)} accept`,
};

/** Rules for packets of the outside that no port was translated for. */
function directRules({ ipv4, ipv6, trusted }: FirewalledBridge): nft.NftText[] {
  const links = trusted.length > 0 ? nft.anonymousSet(trusted.map(nft.linkName)) : undefined;
  return [
    ...(links ? [nft.nft`iifname ${links} ${PUBLISHED_DIRECTLY.ipv4}`] : []),
    ...(links ? [nft.nft`iifname ${links} ${PUBLISHED_DIRECTLY.ipv6}`] : []),
    // Who is reached directly is also told of what went wrong on the way, and answers when it is looked for.
    ...(ipv4.direct === "published" ? [PUBLISHED_DIRECTLY.ipv4, nft.nft`ip protocol icmp accept`] : []),
    ...(ipv6.direct === "published" ? [PUBLISHED_DIRECTLY.ipv6, nft.nft`meta l4proto ipv6-icmp accept`] : []),
    // Other bridges of this engine stay outside of a network that lets neighbours in.
    nft.nft`iifname ${nft.reference(MAPS.bridges)} drop`,
    ...(ipv4.direct === "everything" ? [nft.nft`meta nfproto ipv4 accept`] : []),
    ...(ipv6.direct === "everything" ? [nft.nft`meta nfproto ipv6 accept`] : []),
  ];
}

function intoRules(rules: FirewalledBridge): nft.NftText[] {
  const self = nft.linkName(rules.bridge);
  const inside = rules.interContainer
    ? [nft.nft`iifname ${self} accept`]
    : [
        // Packets that the bridge itself passes on come by here too where br_netfilter is on.
        nft.nft`iifname ${self} ct state established,related accept`,
        nft.nft`iifname ${self} ip saddr . ip daddr . meta l4proto . th dport ${nft.reference(MAPS.flows)} accept`,
        nft.nft`iifname ${self} drop`,
      ];
  if (rules.internal) return [...inside, nft.nft`drop`];
  return [
    nft.nft`ct state established,related accept`,
    // What came by a published port was translated before; nothing else from outside gets in.
    nft.nft`ct status dnat accept`,
    ...inside,
    ...directRules(rules),
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
    ...subnetElements(rules).map(([set, element]) => nft.addElements(table, set, [element])),
  ];
}

/** Undoes `addBridgeCommands`. */
export function removeBridgeCommands(table: nft.NftTable, rules: FirewalledBridge): nft.NftCommand[] {
  const { bridge } = rules;
  const self = nft.linkName(bridge);
  const chains = [into(bridge), outOf(bridge)];
  return [
    ...[MAPS.bridges, MAPS.into, MAPS.outOf].map((map) => nft.deleteElements(table, map, [self])),
    ...subnetElements(rules).map(([set, { key }]) => nft.deleteElements(table, set, [key])),
    ...chains.map((chain) => nft.flushChain(table, chain)),
    ...chains.map((chain) => nft.deleteChain(table, chain)),
  ];
}

/** Whether a chain of that name belongs to some bridge. */
export function isBridgeChain(name: string): boolean {
  return [into(""), outOf("")].some((prefix) => name.startsWith(prefix));
}
