import { SingleFlight } from "../../base/async.ts";
import { EngineError, isKind, kindOf, messageOf } from "../../base/errors.ts";
import type { VolumeDriver, VolumeDrivers } from "../../core/volumes/volume.ts";
import { DriversByName, type PluginClient, type Plugins } from "../../drivers/plugin-client/mod.ts";
import { VolumePluginDriver } from "../../drivers/volume-plugin/mod.ts";

/** The engine's own volume drivers and those of plug-ins, which are looked for by name when they are asked for. */
export class PluginVolumeDrivers implements VolumeDrivers {
  readonly #builtin: VolumeDrivers;
  readonly #plugins: Plugins;
  readonly #ofPlugins: DriversByName<VolumePluginDriver>;
  /** Names of plug-ins that have told of themselves. */
  readonly #opened = new Set<string>();
  readonly #opening = new SingleFlight<VolumeDriver>();

  constructor(builtin: VolumeDrivers, plugins: Plugins) {
    this.#builtin = builtin;
    this.#plugins = plugins;
    this.#ofPlugins = new DriversByName(
      plugins,
      "VolumeDriver",
      (name, connect) => new VolumePluginDriver(name, connect),
    );
  }

  known(name: string): VolumeDriver | undefined {
    return this.#builtin.known(name) ?? (this.#opened.has(name) ? this.#ofPlugins.get(name) : undefined);
  }

  stored(name: string): VolumeDriver {
    return this.#builtin.known(name) ?? this.#ofPlugins.get(name);
  }

  async find(name: string): Promise<VolumeDriver> {
    const known = this.known(name);
    if (known) return known;
    let client: PluginClient;
    try {
      client = await this.#plugins.get(name, "VolumeDriver");
    } catch (error) {
      // The text for a name that nobody has is the same with and without plug-ins.
      if (isKind(error, "notFound")) return await this.#builtin.find(name);
      throw new EngineError(kindOf(error), `error looking up volume plugin ${name}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    return this.known(client.name) ?? (await this.#open(client.name));
  }

  names(): readonly string[] {
    return this.#builtin.names();
  }

  async all(): Promise<readonly VolumeDriver[]> {
    const clients = await this.#plugins.all("VolumeDriver");
    // One that cannot say what it is says with its list that something is wrong, and the others are listed.
    const drivers = clients.map(
      ({ name }) => this.known(name) ?? this.#open(name).catch(() => this.#ofPlugins.get(name)),
    );
    return [...(await this.#builtin.all()), ...(await Promise.all(drivers))];
  }

  async #open(name: string): Promise<VolumeDriver> {
    return await this.#opening.run(name, async () => {
      const driver = this.#ofPlugins.get(name);
      await driver.open();
      this.#opened.add(name);
      return driver;
    });
  }
}
