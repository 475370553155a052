import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ContainerParts } from "../parts.ts";

/** Drivers whose networks know of no ports. */
const PORTLESS: ReadonlySet<string> = new Set(["host", "null", "macvlan", "ipvlan"]);

/**
 * Ports (`80/tcp`) that a running container's configuration opens to its networks. Only bridges and plug-ins know of
 * ports: what stands in the host's network, in none or in a macvlan exposes nothing, as docker has it.
 */
export function exposedPorts({ networks }: ContainerParts, record: ContainerRecord): string[] {
  const ports = Object.keys(record.config.ExposedPorts ?? {}).map(withProtocol);
  if (ports.length === 0) return ports;
  const opens = networks
    .endpointsOf(record.id)
    .some(({ networkId }) => !PORTLESS.has(networks.find(networkId)?.driver ?? "null"));
  return opens ? ports : [];
}

/** Clients may leave out the protocol. */
function withProtocol(port: string): string {
  return port.includes("/") ? port : `${port}/tcp`;
}
