import type { EngineEvent } from "../../core/events/event-log.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";

/** What happened to a network, or to a container's place in it, with the attributes that docker gives. */
export function networkEvent(
  action: string,
  network: NetworkRecord,
  containerId?: string,
): Omit<EngineEvent, "timeNs"> {
  return {
    type: "network",
    action,
    actor: {
      id: network.id,
      attributes: {
        ...(containerId ? { container: containerId } : {}),
        name: network.name,
        type: network.driver,
      },
    },
  };
}
