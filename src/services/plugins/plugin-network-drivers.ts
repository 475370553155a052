import type { Logger } from "../../base/logger.ts";
import type { NetworkDriver, NetworkDrivers } from "../../core/networks/network-driver.ts";
import type { IpamDriver } from "../../drivers/ipam/mod.ts";
import { NetworkPlugin, NetworkPluginDriver } from "../../drivers/network-plugin/mod.ts";
import type { InterfaceNames } from "../../drivers/network-sandbox/mod.ts";
import { DriversByName, type Plugins } from "../../drivers/plugin-client/mod.ts";

export interface PluginNetworkDriversOptions {
  readonly builtin: readonly NetworkDriver[];
  readonly plugins: Plugins;
  /** What the drivers hand out addresses and names from, the engine's own drivers among them. */
  readonly ipam: IpamDriver;
  readonly interfaces: InterfaceNames;
  readonly logger: Logger;
}

interface OpenDriver {
  readonly plugin: NetworkPlugin;
  readonly driver: NetworkDriver;
}

/** The engine's own network drivers and those of plug-ins, which are looked for by name when they are needed. */
export class PluginNetworkDrivers implements NetworkDrivers {
  readonly builtin: readonly NetworkDriver[];
  readonly #plugins: Plugins;
  readonly #ofPlugins: DriversByName<OpenDriver>;

  constructor({ builtin, plugins, ipam, interfaces, logger }: PluginNetworkDriversOptions) {
    this.builtin = builtin;
    this.#plugins = plugins;
    this.#ofPlugins = new DriversByName(plugins, "NetworkDriver", (name, connect) => {
      const plugin = new NetworkPlugin(name, connect);
      return { plugin, driver: new NetworkPluginDriver({ plugin, ipam, interfaces, logger }) };
    });
  }

  known(name: string): NetworkDriver {
    return this.builtin.find((driver) => driver.name === name) ?? this.#ofPlugins.get(name).driver;
  }

  async find(name: string): Promise<NetworkDriver> {
    const own = this.builtin.find((driver) => driver.name === name);
    if (own) return own;
    // Under its full name, by which it is looked for again: a managed plug-in may be asked for without its tag.
    const { name: fullName } = await this.#plugins.get(name, "NetworkDriver");
    const { plugin, driver } = this.#ofPlugins.get(fullName);
    await plugin.capabilities();
    return driver;
  }
}
