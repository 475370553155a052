import type { PluginKind } from "../../core/plugins/plugin-kind.ts";
import type { PluginClient } from "./plugin-client.ts";
import type { Plugins } from "./plugins.ts";

/** Finds the plug-in that a driver speaks to, each time anew: another may have taken its place. Errors: those of `Plugins.get`. */
export type ConnectPlugin = (retryForMs?: number) => Promise<PluginClient>;

/** One driver for each plug-in of a kind, made when it is first asked for, whether or not the plug-in answers then. */
export class DriversByName<Driver> {
  readonly #plugins: Plugins;
  readonly #kind: PluginKind;
  readonly #make: (name: string, connect: ConnectPlugin) => Driver;
  readonly #made = new Map<string, Driver>();

  constructor(plugins: Plugins, kind: PluginKind, make: (name: string, connect: ConnectPlugin) => Driver) {
    this.#plugins = plugins;
    this.#kind = kind;
    this.#make = make;
  }

  get(name: string): Driver {
    const made = this.#made.get(name);
    if (made) return made;
    const connect: ConnectPlugin = (retryForMs) => this.#plugins.get(name, this.#kind, retryForMs);
    const driver = this.#make(name, connect);
    this.#made.set(name, driver);
    return driver;
  }
}
