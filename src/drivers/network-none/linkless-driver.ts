import { permissionDenied } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { NetworkDriver } from "../../core/networks/network-driver.ts";
import type { EndpointRecord, EndpointRequest, NetworkRecord } from "../../core/networks/network-record.ts";

/**
 * A kind of network that nothing is made for: its one network is there without anyone making it, and a container's
 * place in it is an id and nothing else. Published ports have no meaning there and are dropped, as docker does.
 */
export class LinklessDriver implements NetworkDriver {
  readonly name: string;
  readonly #networkName: string;

  constructor(name: string, networkName: string) {
    this.name = name;
    this.#networkName = networkName;
  }

  async plan(network: NetworkRecord): Promise<NetworkRecord> {
    if (network.name !== this.#networkName) {
      throw permissionDenied(`only one instance of "${this.name}" network is allowed`);
    }
    return network;
  }

  async allocateEndpoint(network: NetworkRecord, request: EndpointRequest): Promise<EndpointRecord> {
    return {
      id: newId(),
      networkId: network.id,
      containerId: request.containerId,
      containerName: request.containerName,
      macAddress: "",
      ipv4Address: "",
      ipv4PrefixLength: 0,
      ipv4Gateway: "",
      ipv6Address: "",
      ipv6PrefixLength: 0,
      ipv6Gateway: "",
      interfaceName: "",
      hostInterfaceName: "",
      aliases: request.aliases,
      links: request.links,
      dnsNames: request.dnsNames,
      driverOptions: request.driverOptions,
      gatewayPriority: request.gatewayPriority,
      exposedPorts: request.exposedPorts,
      ports: [],
    };
  }

  async changePorts(_network: NetworkRecord, endpoint: EndpointRecord): Promise<EndpointRecord> {
    return endpoint;
  }

  async join(_network: NetworkRecord, endpoint: EndpointRecord): Promise<EndpointRecord> {
    return endpoint;
  }

  isLinkMissing(): boolean {
    return false;
  }

  // There is nothing in the kernel and nothing taken, so there is nothing to make, take again or remove.
  async createNetwork(): Promise<void> {}
  async deleteNetwork(): Promise<void> {}
  async restoreEndpoint(): Promise<void> {}
  async adjust(): Promise<void> {}
  async leave(): Promise<void> {}
  async releaseEndpoint(): Promise<void> {}
  async reconcile(): Promise<void> {}
  async close(): Promise<void> {}
}
