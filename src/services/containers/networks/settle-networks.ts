import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { ContainerParts } from "../parts.ts";
import { followEndpoints } from "./container-files.ts";
import { networkedContainer } from "./networked.ts";

/**
 * A running container is in the networks that its record asks for and in no others, and has its ways out: what a crash
 * left half done of connecting or disconnecting it is finished. Idempotent. Errors: as connecting.
 */
export async function settleNetworks(parts: ContainerParts, record: ContainerRecord): Promise<void> {
  const mode = record.hostConfig.NetworkMode ?? "bridge";
  if (mode === "host" || mode.startsWith("container:")) return;
  const { networks } = parts;
  const container = networkedContainer(record);
  const wanted = Object.entries(record.requestedEndpoints).flatMap(([name, settings]) => {
    const network = networks.find(name);
    return network ? [{ id: network.id, settings }] : [];
  });
  const placed = () => new Set(networks.endpointsOf(record.id).map(({ networkId }) => networkId));
  for (const id of placed()) {
    if (!wanted.some((each) => each.id === id)) await networks.disconnect(id, container);
  }
  for (const { id, settings } of wanted) {
    if (!placed().has(id)) await networks.connect(id, container, settings);
  }
  await networks.settleExits(container);
  await followEndpoints(parts, record);
}
