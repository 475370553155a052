import { createHash } from "node:crypto";
import * as nl from "../../os/linux/netlink/mod.ts";
import type { InputLoop } from "../firewall-nftables/mod.ts";
import { macAddressOf } from "../ipam/mod.ts";
import { type Host, writePresentSysctls } from "./bridge-link.ts";

/** The id that stands for the pair where others have that of a network. */
export const INPUT_LOOP_ID = "input";

/** Addresses that no neighbour has: the IPv4 dummy address of RFC 7600, and a link-local one. */
const NEIGHBOURS = { ipv4Neighbour: "192.0.0.8", ipv6Neighbour: "fe80::8" } as const;

/**
 * The pair of links is there, up, and leads back into the host. Idempotent. Errors: NetlinkError, SyscallError.
 */
export function ensureInputLoop(host: Host, engineId: string): InputLoop {
  const digest = createHash("sha256").update(engineId).digest();
  const suffix = digest.toString("hex").slice(0, 8);
  const [entrance, exit] = [`gti-${suffix}`, `gto-${suffix}`];
  const mac = macAddressOf(digest.subarray(4, 8));
  if (!nl.findLink(host.socket, entrance)) makePair(host, entrance, exit, mac);
  const conf = (family: string, link: string, key: string) => `net/${family}/conf/${link}/${key}`;
  writePresentSysctls(host, {
    // Packets of everywhere come in here: that their sender is not behind this link is no reason to drop them.
    [conf("ipv4", exit, "rp_filter")]: "2",
    ...(host.forwarding ? { [conf("ipv6", exit, "forwarding")]: "1" } : {}),
  });
  for (const link of [entrance, exit]) {
    writePresentSysctls(host, {
      [conf("ipv6", link, "disable_ipv6")]: "0",
      [conf("ipv6", link, "accept_ra")]: "0",
    });
  }
  // The kernel takes nothing from senders elsewhere on a link without any address.
  const linkIndex = nl.findLink(host.socket, exit)!.index;
  const address = { linkIndex, prefix: `${NEIGHBOURS.ipv4Neighbour}/32` };
  host.socket.executeIgnoring(["EEXIST"], [nl.addAddress(address)]);
  host.socket.execute(nl.setLinkUp(exit), nl.setLinkUp(entrance));
  return { entrance: nl.findLink(host.socket, entrance)!.index, exit, ...NEIGHBOURS };
}

function makePair(host: Host, entrance: string, exit: string, mac: string): void {
  const alias = host.owner.aliasOf(INPUT_LOOP_ID);
  // Without ARP a link sends to its own hardware address, whomever the packet is for: the other end has the same one.
  const ends = { mac, arp: false };
  host.socket.execute(
    nl.addLink({ name: entrance, ...ends }, { kind: "veth", peer: { name: exit, ...ends } }),
    nl.changeNamedLink(entrance, { alias }),
    nl.changeNamedLink(exit, { alias }),
  );
}
