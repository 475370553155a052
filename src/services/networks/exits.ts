import { isIPv4 } from "node:net";
import type { NetworkRecord } from "../../core/networks/network-record.ts";

/** One of the networks that a container is in. */
export interface ExitCandidate {
  readonly network: NetworkRecord;
  readonly gatewayPriority: number;
}

/** Networks that give a container its default routes; its ports are published on the first of them that there is. */
export interface Exits {
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
}

// Drivers whose endpoints have no link, so no way out either.
const LINKLESS: ReadonlySet<string> = new Set(["host", "null"]);

/** Pools of networks whose addresses and gateways only a plug-in knows. */
const ANYWHERE = { ipv4: "0.0.0.0/0", ipv6: "::/0" } as const;

function leadsOut({ network }: ExitCandidate, family: "ipv4" | "ipv6"): boolean {
  if (network.internal || network.wayOut === "none" || LINKLESS.has(network.driver)) return false;
  if (network.wayOut === "link") return family === "ipv4" ? network.enableIpv4 : network.enableIpv6;
  return network.pools.some(({ gateway, subnet }) =>
    gateway ? isIPv4(gateway) === (family === "ipv4") : subnet === ANYWHERE[family],
  );
}

/**
 * The ways out of a container in these networks: the highest priority, then whoever has both families, then the first by
 * name. Source: docker, `docker network connect`, "gw-priority".
 */
export function chooseExits(candidates: readonly ExitCandidate[]): Exits {
  const both = (candidate: ExitCandidate) => leadsOut(candidate, "ipv4") && leadsOut(candidate, "ipv6");
  const sorted = [...candidates].sort(
    (a, b) =>
      b.gatewayPriority - a.gatewayPriority ||
      Number(both(b)) - Number(both(a)) ||
      (a.network.name < b.network.name ? -1 : 1),
  );
  return {
    ipv4: sorted.find((candidate) => leadsOut(candidate, "ipv4"))?.network.id,
    ipv6: sorted.find((candidate) => leadsOut(candidate, "ipv6"))?.network.id,
  };
}

/** The network on which the container's ports are published. */
export function publishingNetwork(exits: Exits): string | undefined {
  return exits.ipv4 ?? exits.ipv6;
}
