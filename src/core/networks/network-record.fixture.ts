import { newId } from "../../base/ids.ts";
import type { EndpointRequest, NetworkRecord } from "./network-record.ts";

/** A bridge network by IPv4 as a user asks for it, not yet planned by its driver. */
export function sampleNetwork(changes: Partial<NetworkRecord> = {}): NetworkRecord {
  return {
    id: newId(),
    name: "sample",
    driver: "bridge",
    createdAt: "2026-01-01T00:00:00.000000000Z",
    enableIpv4: true,
    enableIpv6: false,
    internal: false,
    attachable: false,
    ingress: false,
    configOnly: false,
    configFrom: "",
    ipamDriver: "default",
    ipamOptions: {},
    pools: [],
    options: {},
    labels: {},
    ...changes,
  };
}

/** What a container asks of a network that was told nothing but its name. */
export function sampleEndpointRequest(
  containerName: string,
  changes: Partial<EndpointRequest> = {},
): EndpointRequest {
  return {
    containerId: newId(),
    containerName,
    aliases: [],
    links: [],
    dnsNames: [containerName],
    driverOptions: {},
    gatewayPriority: 0,
    ports: [],
    exposedPorts: [],
    ...changes,
  };
}
