import type { Logger } from "../../base/logger.ts";
import type { AddressUse } from "../../core/networks/network-driver.ts";
import type { IpamPool, NetworkRecord } from "../../core/networks/network-record.ts";
import type { IpFamily } from "../../os/linux/netlink/mod.ts";
import type { AddressRequest, IpamDriver, Subnet, TakenAddresses } from "../ipam/mod.ts";
import { DriversByName, type Plugins } from "../plugin-client/mod.ts";
import { IpamPlugin } from "./ipam-plugin.ts";
import { IpamPluginDriver } from "./ipam-plugin-driver.ts";
import { NullIpam } from "./null-ipam.ts";

/** Each network's addresses are managed by the driver that it names: the engine's own, none, or a plug-in's. */
export class IpamDrivers implements IpamDriver {
  readonly #builtin: ReadonlyMap<string, IpamDriver>;
  readonly #ofPlugins: DriversByName<IpamDriver>;
  readonly #driverOfNetwork = new Map<string, IpamDriver>();

  constructor(builtin: IpamDriver, plugins: Plugins, logger: Logger) {
    this.#builtin = new Map<string, IpamDriver>([
      ["default", builtin],
      ["null", new NullIpam()],
    ]);
    this.#ofPlugins = new DriversByName(
      plugins,
      "IpamDriver",
      (name, connect) => new IpamPluginDriver(new IpamPlugin(name, connect), logger),
    );
  }

  async planNetwork(
    network: NetworkRecord,
    inUse: readonly Subnet[],
    gatewayless?: readonly IpFamily[],
  ): Promise<IpamPool[]> {
    const driver = this.#driverOf(network);
    const pools = await driver.planNetwork(network, inUse, gatewayless);
    this.#driverOfNetwork.set(network.id, driver);
    return pools;
  }

  restoreNetwork(network: NetworkRecord): void {
    const driver = this.#driverOf(network);
    driver.restoreNetwork(network);
    this.#driverOfNetwork.set(network.id, driver);
  }

  async removeNetwork(networkId: string): Promise<void> {
    await this.#driverOfNetwork.get(networkId)?.removeNetwork(networkId);
    this.#driverOfNetwork.delete(networkId);
  }

  async takeAddresses(network: NetworkRecord, requested: AddressRequest): Promise<TakenAddresses> {
    return await this.#driverOf(network).takeAddresses(network, requested);
  }

  restoreAddress(networkId: string, address: string): void {
    this.#driverOfNetwork.get(networkId)?.restoreAddress(networkId, address);
  }

  async releaseAddress(networkId: string, address: string): Promise<void> {
    await this.#driverOfNetwork.get(networkId)?.releaseAddress(networkId, address);
  }

  addressUse(networkId: string): ReadonlyMap<string, AddressUse> | undefined {
    return this.#driverOfNetwork.get(networkId)?.addressUse?.(networkId);
  }

  #driverOf({ ipamDriver: name }: NetworkRecord): IpamDriver {
    return this.#builtin.get(name) ?? this.#ofPlugins.get(name);
  }
}
