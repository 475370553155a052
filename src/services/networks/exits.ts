import { isIPv4 } from "node:net";
import type { NetworkRecord, PortBinding } from "../../core/networks/network-record.ts";

/** One of the networks that a container is in. */
export interface ExitCandidate {
  readonly network: NetworkRecord;
  readonly gatewayPriority: number;
}

/** Networks that give a container its default routes, and that its ports are published on. */
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

/**
 * The ports to publish on a network that a container with these ways out is in: each family's on its way out. Where there
 * is a single one, whatever it cannot lead to the container itself is its business as well.
 */
export function portsOn(networkId: string, exits: Exits, ports: readonly PortBinding[]): PortBinding[] {
  const { ipv4, ipv6 } = exits;
  if (networkId !== ipv4 && networkId !== ipv6) return [];
  if (ipv4 === undefined || ipv6 === undefined || ipv4 === ipv6) return [...ports];
  const family = networkId === ipv4 ? "ipv4" : "ipv6";
  return ports
    .filter(({ hostIp }) => hostIp === "" || isIPv4(hostIp) === (family === "ipv4"))
    .map((binding) => ({ ...binding, family }));
}
