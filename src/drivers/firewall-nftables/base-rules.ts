import * as nft from "../../os/linux/nftables/mod.ts";
import type { InputLoop } from "./input-policy.ts";

/** Names of the sets and maps of an engine's table. */
export const MAPS = {
  /** Links of this engine's bridges. */
  bridges: "bridges",
  /** Bridge that a packet goes to, comes from: the chain that decides. */
  into: "into",
  outOf: "out-of",
  /** Subnets with the bridge that they are at home on. */
  homeIpv4: "home-ipv4",
  homeIpv6: "home-ipv6",
  /** Subnets whose packets carry the host's address abroad. */
  maskedIpv4: "masked-ipv4",
  maskedIpv6: "masked-ipv6",
  /** Subnets whose packets carry one address of the host abroad, with that address. */
  sourceIpv4: "source-ipv4",
  sourceIpv6: "source-ipv6",
  /** Published ports: of every address, of one address. */
  anyIpv4: "any-ipv4",
  anyIpv6: "any-ipv6",
  oneIpv4: "one-ipv4",
  oneIpv6: "one-ipv6",
  /** Protocols and ports of `any-ipv6` that nobody serves at ::1, as a set: the kernel looks up a map only where it needs the value. */
  portsIpv6: "ports-ipv6",
  /** Ports of containers that some of the outside reaches at the container's own address. */
  directIpv4: "direct-ipv4",
  directIpv6: "direct-ipv6",
  /** Ports that one container opens to one other, on bridges that keep their containers apart. */
  flows: "flows",
} as const;

/** Names of the chains of an engine's table. `user` is the administrator's: nothing here ever changes what is in it. */
export const CHAINS = {
  user: "user",
  shield: "shield",
  arriving: "arriving",
  sending: "sending",
  refusing: "refusing",
  published: "published",
  forwarded: "forwarded",
  leaving: "leaving",
} as const;

const VERDICT_BY_LINK = { key: ["ifname"], value: "verdict" } as const;

function declareMaps(table: nft.NftTable): nft.NftCommand[] {
  const portMap = (family: "ipv4_addr" | "ipv6_addr", oneAddress: boolean): nft.NftMap => ({
    key: [...(oneAddress ? ([family] as const) : []), "inet_proto", "inet_service"],
    value: [family, "inet_service"],
  });
  return [
    nft.addSet(table, MAPS.bridges, { key: ["ifname"] }),
    nft.addMap(table, MAPS.into, VERDICT_BY_LINK),
    nft.addMap(table, MAPS.outOf, VERDICT_BY_LINK),
    nft.addSet(table, MAPS.homeIpv4, { key: ["ipv4_addr", "ifname"], interval: true }),
    nft.addSet(table, MAPS.homeIpv6, { key: ["ipv6_addr", "ifname"], interval: true }),
    nft.addSet(table, MAPS.maskedIpv4, { key: ["ipv4_addr"], interval: true }),
    nft.addSet(table, MAPS.maskedIpv6, { key: ["ipv6_addr"], interval: true }),
    nft.addMap(table, MAPS.anyIpv4, portMap("ipv4_addr", false)),
    nft.addMap(table, MAPS.anyIpv6, portMap("ipv6_addr", false)),
    nft.addMap(table, MAPS.oneIpv4, portMap("ipv4_addr", true)),
    nft.addMap(table, MAPS.oneIpv6, portMap("ipv6_addr", true)),
    nft.addMap(table, MAPS.sourceIpv4, { key: ["ipv4_addr"], value: ["ipv4_addr"], interval: true }),
    nft.addMap(table, MAPS.sourceIpv6, { key: ["ipv6_addr"], value: ["ipv6_addr"], interval: true }),
    nft.addSet(table, MAPS.portsIpv6, { key: ["inet_proto", "inet_service"] }),
    nft.addSet(table, MAPS.directIpv4, { key: ["ipv4_addr", "inet_proto", "inet_service"] }),
    nft.addSet(table, MAPS.directIpv6, { key: ["ipv6_addr", "inet_proto", "inet_service"] }),
    nft.addSet(table, MAPS.flows, { key: ["ipv4_addr", "ipv4_addr", "inet_proto", "inet_service"] }),
  ];
}

// Places of nft(8): raw before connection tracking, then destination NAT, filter, source NAT.
const HOOKS: ReadonlyArray<readonly [chain: string, base: nft.NftBase]> = [
  [CHAINS.shield, { type: "filter", hook: "prerouting", priority: -300 }],
  [CHAINS.arriving, { type: "nat", hook: "prerouting", priority: -100 }],
  [CHAINS.sending, { type: "nat", hook: "output", priority: -100 }],
  [CHAINS.refusing, { type: "filter", hook: "output", priority: 0 }],
  [CHAINS.forwarded, { type: "filter", hook: "forward", priority: 0 }],
  [CHAINS.leaving, { type: "nat", hook: "postrouting", priority: 100 }],
];

const map = nft.reference;

type Rule = readonly [chain: string, rule: nft.NftText];

const TO_PUBLISHED = nft.nft`fib daddr type local ${nft.toChain("jump", CHAINS.published)}`;

/** Where packets of the outside are translated: at once, or where they come out of the loop behind the host's input rules. */
function arrivingRules(loop: InputLoop | undefined): Rule[] {
  if (!loop) return [[CHAINS.arriving, TO_PUBLISHED]];
  return [
    [CHAINS.arriving, nft.nft`iifname ${nft.linkName(loop.exit)} ${TO_PUBLISHED}`],
    [CHAINS.arriving, nft.nft`iifname ${map(MAPS.bridges)} ${TO_PUBLISHED}`],
  ];
}

const USER_FIRST: Rule = [CHAINS.forwarded, nft.nft`${nft.toChain("jump", CHAINS.user)}`];

const RULES: readonly Rule[] = [
  // Bridges route 127/8 so that the host's own programs reach published ports there; containers must not use that way.
  [CHAINS.shield, nft.nft`iifname ${map(MAPS.bridges)} ip daddr 127.0.0.0/8 drop`],
  [CHAINS.shield, nft.nft`iifname ${map(MAPS.bridges)} ip saddr 127.0.0.0/8 drop`],
  // A neighbour that sends to 127.0.0.1 finds no published port, even where the administrator routes 127/8.
  [CHAINS.arriving, nft.nft`iifname != "lo" ip daddr 127.0.0.0/8 return`],
  [CHAINS.sending, nft.nft`ip6 daddr ::1 return`],
  // An answer to a link-local caller would have to leave by the caller's own link: a proxy has one there.
  [CHAINS.sending, nft.nft`ip6 saddr fe80::/10 return`],
  [CHAINS.arriving, nft.nft`ip6 saddr fe80::/10 return`],
  [CHAINS.sending, TO_PUBLISHED],
  [CHAINS.published, nft.nft`dnat ip to ip daddr . meta l4proto . th dport map ${map(MAPS.oneIpv4)}`],
  [CHAINS.published, nft.nft`meta nfproto ipv4 dnat ip to meta l4proto . th dport map ${map(MAPS.anyIpv4)}`],
  [CHAINS.published, nft.nft`dnat ip6 to ip6 daddr . meta l4proto . th dport map ${map(MAPS.oneIpv6)}`],
  [CHAINS.published, nft.nft`meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map ${map(MAPS.anyIpv6)}`],
  // IPv6 has no way from ::1 to another link. A refusal at once makes programs that try `localhost` go on to 127.0.0.1.
  [
    CHAINS.refusing,
    nft.nft`ip6 daddr ::1 meta l4proto tcp meta l4proto . th dport ${map(MAPS.portsIpv6)} reject with tcp reset`,
  ],
  [CHAINS.refusing, nft.nft`ip6 daddr ::1 meta l4proto . th dport ${map(MAPS.portsIpv6)} reject`],
  [CHAINS.forwarded, nft.nft`oifname vmap ${map(MAPS.into)}`],
  [CHAINS.forwarded, nft.nft`iifname vmap ${map(MAPS.outOf)}`],
  // The host talks from a loopback address to a container: the answer has to come back to the bridge.
  [CHAINS.leaving, nft.nft`oifname ${map(MAPS.bridges)} ip saddr 127.0.0.0/8 masquerade`],
  // A published port that leads back to the network it was called from: without this the answer would go straight to the
  // caller, who does not know the sender.
  [CHAINS.leaving, nft.nft`ip saddr . oifname ${map(MAPS.homeIpv4)} ct status dnat masquerade`],
  [CHAINS.leaving, nft.nft`ip6 saddr . oifname ${map(MAPS.homeIpv6)} ct status dnat masquerade`],
  [CHAINS.leaving, nft.nft`ip saddr . oifname ${map(MAPS.homeIpv4)} accept`],
  [CHAINS.leaving, nft.nft`ip6 saddr . oifname ${map(MAPS.homeIpv6)} accept`],
  [CHAINS.leaving, nft.nft`snat ip to ip saddr map ${map(MAPS.sourceIpv4)}`],
  [CHAINS.leaving, nft.nft`snat ip6 to ip6 saddr map ${map(MAPS.sourceIpv6)}`],
  [CHAINS.leaving, nft.nft`ip saddr ${map(MAPS.maskedIpv4)} masquerade`],
  [CHAINS.leaving, nft.nft`ip6 saddr ${map(MAPS.maskedIpv6)} masquerade`],
];

export interface BaseRules {
  /** Packets of the outside are translated only where they come out of this, behind the host's input rules. */
  readonly loop: InputLoop | undefined;
  /** Packets of IPv6 all pass otherwise, untranslated. */
  readonly filtersIpv6: boolean;
}

/** Makes everything of the table that does not depend on networks, in a table that has at most the user's chain. */
export function baseCommands(table: nft.NftTable, { loop, filtersIpv6 }: BaseRules): nft.NftCommand[] {
  const passing: Rule[] = filtersIpv6
    ? []
    : [CHAINS.forwarded, CHAINS.leaving].map((chain) => [chain, nft.nft`meta nfproto ipv6 accept`]);
  return [
    ...declareMaps(table),
    ...HOOKS.map(([chain, base]) => nft.addChain(table, chain, base)),
    nft.addChain(table, CHAINS.published),
    ...[USER_FIRST, ...passing, ...RULES, ...arrivingRules(loop)].map(([chain, rule]) =>
      nft.addRule(table, chain, rule),
    ),
  ];
}
