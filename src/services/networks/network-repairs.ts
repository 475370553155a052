import { messageOf } from "../../base/errors.ts";
import type { NetworkDriver } from "../../core/networks/network-driver.ts";
import type { Endpoints } from "./endpoints.ts";
import type { NetworkServiceParts } from "./network-service.ts";

/** Makes the kernel agree with what is stored, at start-up and whenever somebody took something away. */
export class NetworkRepairs {
  readonly #parts: NetworkServiceParts;
  readonly #endpoints: Endpoints;

  constructor(parts: NetworkServiceParts, endpoints: Endpoints) {
    this.#parts = parts;
    this.#endpoints = endpoints;
  }

  /** Everything that is stored of the driver's networks is there, nothing else is, and from now on it stays so. */
  async restore(driver: NetworkDriver): Promise<void> {
    const { names, background } = this.#parts;
    const networks = this.#networksOf(driver);
    for (const { network, endpoints } of networks) {
      for (const endpoint of endpoints) {
        await driver.restoreEndpoint(network, endpoint);
        names.addEndpoint(network, endpoint);
      }
    }
    await driver.reconcile(networks);
    driver.watch?.(() => background.start("repairing links", () => this.#repair(driver)));
  }

  /** Links of these running containers that somebody deleted are there again. */
  async repairEndpoints(containerIds: ReadonlySet<string>): Promise<void> {
    for (const containerId of containerIds) {
      try {
        await this.#endpoints.repair(containerId);
      } catch (error) {
        // One container without its network must not keep the others from theirs.
        this.#parts.logger.error({ container: containerId, reason: messageOf(error) }, "repairing links");
      }
    }
  }

  async #repair(driver: NetworkDriver): Promise<void> {
    const networks = this.#networksOf(driver);
    await driver.repair?.(networks);
    await this.repairEndpoints(
      new Set(networks.flatMap(({ endpoints }) => endpoints.map(({ containerId }) => containerId))),
    );
    this.#parts.logger.warn(
      { driver: driver.name },
      "another program removed links or addresses; they are back",
    );
  }

  #networksOf({ name }: NetworkDriver) {
    const { store } = this.#parts;
    return store
      .listNetworks()
      .filter(({ driver, configOnly }) => driver === name && !configOnly)
      .map((network) => ({ network, endpoints: store.endpointsOf(network.id) }));
  }
}
