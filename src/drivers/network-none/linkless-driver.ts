import { permissionDenied } from "../../base/errors.ts";
import type { NetworkDriver } from "../../core/networks/network-driver.ts";
import type { EndpointRecord, EndpointRequest, NetworkRecord } from "../../core/networks/network-record.ts";

import { newEndpoint } from "../network-sandbox/mod.ts";

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
    return { ...newEndpoint(network, request, {}), macAddress: "" };
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
