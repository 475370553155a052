import { SingleFlight } from "../../base/async.ts";
import { type EngineError, internal, messageOf, notFound } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { findPlugin, listPlugins, type PluginDirectories } from "./discovery.ts";
import { PluginClient } from "./plugin-client.ts";

/** What a plug-in can be to an engine. Source: docker's "Docker Plugin API", `Plugin.Activate`. */
export type PluginKind = "VolumeDriver" | "NetworkDriver" | "IpamDriver" | "authz" | "LogDriver";

export interface PluginsOptions {
  readonly directories: PluginDirectories;
  readonly logger: Logger;
  readonly retryForMs?: number;
}

const RETRY_FOR_MS = 30_000;
const PROBE_TIMEOUT_MS = 2_000;

interface ActivePlugin {
  readonly client: PluginClient;
  readonly implements: readonly string[];
}

/** Plug-ins of protocol version 1, found by their announcements and activated when they are first asked for. */
export class Plugins {
  readonly #options: PluginsOptions;
  readonly #active = new Map<string, ActivePlugin>();
  readonly #activations = new SingleFlight<ActivePlugin>();

  constructor(options: PluginsOptions) {
    this.#options = options;
  }

  /**
   * The plug-in, which has said that it is of that kind. Errors: notFound where none of that name announces itself;
   * unavailable where it does not answer; internal where it is of another kind.
   */
  async get(name: string, kind: PluginKind): Promise<PluginClient> {
    const plugin = await this.#activate(name, this.#options.retryForMs ?? RETRY_FOR_MS, undefined);
    if (plugin.implements.includes(kind)) return plugin.client;
    throw internal(
      `Plugin does not implement the requested driver: plugin="${name}", requested implementation="${kind}"`,
    );
  }

  /** Every plug-in of that kind that answers now; one that does not is left out and said so in the log. */
  async all(kind: PluginKind): Promise<PluginClient[]> {
    const names = await listPlugins(this.#options.directories);
    const found = await Promise.all(names.map((name) => this.#probe(name)));
    return found.flatMap((plugin) => (plugin?.implements.includes(kind) ? [plugin.client] : []));
  }

  async #probe(name: string): Promise<ActivePlugin | undefined> {
    try {
      return await this.#activate(name, 0, PROBE_TIMEOUT_MS);
    } catch (error) {
      this.#options.logger.warn({ plugin: name, reason: messageOf(error) }, "a plug-in does not answer");
      return undefined;
    }
  }

  async #activate(name: string, retryForMs: number, timeoutMs: number | undefined): Promise<ActivePlugin> {
    const active = this.#active.get(name);
    if (active) return active;
    return await this.#activations.run(`${name} ${retryForMs}`, async () => {
      const plugin = await findPlugin(this.#options.directories, name);
      if (!plugin) throw noSuchPlugin(name);
      const { logger } = this.#options;
      const handshake = new PluginClient({ plugin, retryForMs, logger });
      const manifest = await handshake.call<{ Implements?: string[] | null; Err?: string }>(
        "Plugin.Activate",
        undefined,
        timeoutMs === undefined ? { timeoutMs: retryForMs } : { timeoutMs },
      );
      const client = new PluginClient({
        plugin,
        retryForMs: this.#options.retryForMs ?? RETRY_FOR_MS,
        logger,
      });
      const activated = { client, implements: manifest.Implements ?? [] };
      this.#active.set(name, activated);
      return activated;
    });
  }
}

function noSuchPlugin(name: string): EngineError {
  return notFound(`plugin "${name}" not found`);
}
