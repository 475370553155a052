import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isKind } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { LogDriver, LogDrivers } from "../../core/logs/log-driver.ts";
import { LogPluginDriver } from "../../drivers/log-plugin/mod.ts";
import { DriversByName, type Plugins } from "../../drivers/plugin-client/mod.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";

export interface PluginLogDriversOptions {
  readonly builtin: readonly LogDriver[];
  readonly plugins: Plugins;
  /** Where pipes to plug-ins are made; nothing else may be there. */
  readonly directory: string;
  readonly reactor: Reactor;
  readonly logger: Logger;
}

/** The engine's own log drivers and those of plug-ins, which are looked for by name when they are needed. */
export class PluginLogDrivers implements LogDrivers {
  readonly builtin: readonly LogDriver[];
  readonly #plugins: Plugins;
  readonly #ofPlugins: DriversByName<LogDriver>;

  constructor({ builtin, plugins, directory, reactor, logger }: PluginLogDriversOptions) {
    this.builtin = builtin;
    this.#plugins = plugins;
    this.#ofPlugins = new DriversByName(
      plugins,
      "LogDriver",
      (name, connect) => new LogPluginDriver({ name, connect, directory, reactor, logger }),
    );
    removeOldPipes(directory);
  }

  known(name: string): LogDriver {
    return this.builtin.find((driver) => driver.name === name) ?? this.#ofPlugins.get(name);
  }

  async has(name: string): Promise<boolean> {
    if (this.builtin.some((driver) => driver.name === name)) return true;
    try {
      await this.#plugins.get(name, "LogDriver");
      return true;
    } catch (error) {
      if (isKind(error, "notFound")) return false;
      throw error;
    }
  }
}

/** Pipes of an earlier engine lead nowhere. The directory itself stays: running plug-ins have it mounted. */
function removeOldPipes(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { force: true });
}
