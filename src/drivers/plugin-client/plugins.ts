import { SingleFlight } from "../../base/async.ts";
import { EngineError, internal, isKind, kindOf, messageOf, notFound } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { PluginKind } from "../../core/plugins/plugin-kind.ts";
import { findPlugin, listPlugins, type PluginAddress, type PluginDirectories } from "./discovery.ts";
import { PluginClient } from "./plugin-client.ts";

/** Plug-ins that the engine runs itself. They are looked for first. */
export interface ManagedPluginFinder {
  /** Undefined where there is none of that name. Errors: conflict (disabled), internal (of another kind). */
  find(name: string, kind: PluginKind): PluginAddress | undefined;
  /** Those that are enabled. */
  list(kind: PluginKind): PluginAddress[];
}

export interface PluginsOptions {
  readonly directories: PluginDirectories;
  readonly logger: Logger;
  readonly retryForMs?: number;
  readonly managed?: ManagedPluginFinder;
}

/** How long docker tries to reach a plug-in. Source: moby, pkg/plugins, defaultTimeOut. */
const RETRY_FOR_MS = 30_000;
/** For who does not want a second try. */
const ONE_TRY_TIMEOUT_MS = 10_000;
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
   * The plug-in, which has said that it is of that kind; one that cannot be reached is tried again for so long. Errors: notFound where none of that name announces itself;
   * unavailable where it does not answer; internal where it is of another kind.
   */
  async get(name: string, kind: PluginKind, retryForMs = this.#retryForMs): Promise<PluginClient> {
    const managed = this.#options.managed?.find(name, kind);
    if (managed) return this.#clientOf(managed);
    try {
      const plugin = await this.#activate(name, retryForMs, retryForMs || ONE_TRY_TIMEOUT_MS);
      if (plugin.implements.includes(kind)) return plugin.client;
    } catch (error) {
      if (isKind(error, "notFound")) throw error;
      throw new EngineError(kindOf(error), `legacy plugin: ${messageOf(error)}`, { cause: error });
    }
    throw internal(
      `legacy plugin: Plugin does not implement the requested driver: plugin="${name}", requested implementation="${kind}"`,
    );
  }

  /** Every plug-in of that kind that answers now; one that does not is left out and said so in the log. */
  async all(kind: PluginKind): Promise<PluginClient[]> {
    const names = await listPlugins(this.#options.directories);
    const found = await Promise.all(names.map((name) => this.#probe(name)));
    const others = found.flatMap((plugin) => (plugin?.implements.includes(kind) ? [plugin.client] : []));
    const managed = (this.#options.managed?.list(kind) ?? []).map((plugin) => this.#clientOf(plugin));
    return [...managed, ...others];
  }

  /** Names of the plug-ins of that kind that announce themselves and were activated; nobody is asked. */
  activatedOf(kind: PluginKind): string[] {
    return [...this.#active].flatMap(([name, plugin]) => (plugin.implements.includes(kind) ? [name] : []));
  }

  /** Names of the plug-ins of that kind that the engine runs. */
  managedOf(kind: PluginKind): string[] {
    return (this.#options.managed?.list(kind) ?? []).map(({ name }) => name);
  }

  #clientOf(plugin: PluginAddress): PluginClient {
    return new PluginClient({ plugin, retryForMs: this.#retryForMs, logger: this.#options.logger });
  }

  get #retryForMs(): number {
    return this.#options.retryForMs ?? RETRY_FOR_MS;
  }

  async #probe(name: string): Promise<ActivePlugin | undefined> {
    try {
      return await this.#activate(name, 0, PROBE_TIMEOUT_MS);
    } catch (error) {
      this.#options.logger.warn({ plugin: name, reason: messageOf(error) }, "a plug-in does not answer");
      return undefined;
    }
  }

  async #activate(name: string, retryForMs: number, timeoutMs: number): Promise<ActivePlugin> {
    const active = this.#active.get(name);
    if (active) return active;
    return await this.#activations.run(`${name} ${retryForMs}`, async () => {
      const plugin = await findPlugin(this.#options.directories, name);
      if (!plugin) throw notFound(`plugin "${name}" not found`);
      const client = new PluginClient({
        plugin,
        retryForMs: this.#retryForMs,
        logger: this.#options.logger,
        // The next one of that name may announce itself elsewhere, and be another program.
        onUnreachable: () => this.#active.delete(name),
      });
      const manifest = await client.call("Plugin.Activate", undefined, { timeoutMs, retryForMs });
      const activated = { client, implements: manifest.texts("Implements") };
      this.#active.set(name, activated);
      return activated;
    });
  }
}
