import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ContainerParts } from "../parts.ts";

/**
 * Ports (`80/tcp`) that a running container's configuration opens to its networks. Only bridges know of ports: what
 * stands in the host's network, in none or in a macvlan exposes nothing, as docker has it.
 */
export function exposedPorts({ networks }: ContainerParts, record: ContainerRecord): string[] {
  const ports = Object.keys(record.config.ExposedPorts ?? {});
  if (ports.length === 0) return ports;
  const bridged = networks
    .endpointsOf(record.id)
    .some(({ networkId }) => networks.find(networkId)?.driver === "bridge");
  return bridged ? ports : [];
}
