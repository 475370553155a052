import { join } from "node:path";
import { KeyedMutex } from "../../base/async.ts";
import { LocalContentStore } from "../../drivers/content-local/mod.ts";
import { Plugins } from "../../drivers/plugin-client/mod.ts";
import type { RegistryRemotes } from "../../drivers/remote-registry/mod.ts";
import {
  AuthorizationPlugins,
  fullNameOf,
  ManagedPluginService,
  PluginPaths,
  pluginNames,
} from "../../services/plugins/mod.ts";
import type { PluginsInfo } from "../../spec/engine-api/mod.ts";
import type { Foundation } from "./foundation.ts";
import { pluginDirectories } from "./plugin-directories.ts";
import type { Stores } from "./stores.ts";
import type { TaskBasis } from "./tasks.ts";

export interface PluginNeeds extends Foundation {
  readonly stores: Stores;
  readonly remotes: RegistryRemotes;
  readonly tasks: TaskBasis;
}

export interface EnginePlugins {
  /** All that there are, to whoever needs one. */
  readonly all: Plugins;
  readonly managed: ManagedPluginService;
  /** Those that decide about requests. */
  readonly authorization: AuthorizationPlugins;
  /** Drivers as `info` lists them, the engine's own among them. */
  names(volume: readonly string[], network: readonly string[], log: readonly string[]): PluginsInfo;
}

/** An engine's plug-ins: those that announce themselves, and those that it runs. */
export function createPlugins(needs: PluginNeeds, resources: AsyncDisposableStack): EnginePlugins {
  const { runRoot, current, logger } = needs;
  const managed = createManagedPlugins(needs, resources);
  const all = new Plugins({ directories: pluginDirectories(runRoot), managed, logger });
  const deciding = () => current.values["authorization-plugin"];
  const isDismissed = (name: string) => managed.isDismissed(name);
  return {
    all,
    managed,
    authorization: new AuthorizationPlugins({ plugins: all, names: deciding, isDismissed, logger }),
    names: (volume, network, log) => pluginNames({ volume, network, log, authorization: deciding() }, all),
  };
}

/** Plug-ins that the engine runs, with blobs and tasks of their own. */
function createManagedPlugins(
  { dataRoot, runRoot, workers, events, logger, stores, remotes, tasks }: PluginNeeds,
  resources: AsyncDisposableStack,
): ManagedPluginService {
  const root = join(dataRoot, "plugins");
  const bundlesRoot = join(runRoot, "plugin-bundles");
  const runtime = tasks.createRuntime({ runRoot: join(runRoot, "plugin-tasks"), bundlesRoot });
  resources.defer(() => runtime.close());
  const managed = new ManagedPluginService({
    store: stores.plugins,
    content: new LocalContentStore(join(root, "content")),
    remotes,
    workers,
    runtime,
    bundlesRoot,
    cgroupParent: tasks.cgroupParent,
    facts: tasks.facts,
    paths: new PluginPaths(root, join(runRoot, "plugins")),
    logPipesRoot: stores.paths.logPipesRoot,
    events,
    logger,
    locks: new KeyedMutex(),
    isUsed: (name) => isUsed(stores, name),
  });
  resources.defer(() => managed.close());
  return managed;
}

/** Looked up where it is stored, so that no count can be wrong. */
function isUsed({ containers, networks, volumes }: Stores, name: string): boolean {
  const isMeant = (driver: string | undefined) =>
    driver !== undefined && (driver === name || fullNameOf(driver) === name);
  return (
    volumes.list().some(({ driver }) => isMeant(driver)) ||
    networks.listNetworks().some(({ driver, ipamDriver }) => isMeant(driver) || isMeant(ipamDriver)) ||
    containers.list().some(({ state, hostConfig }) => state.pid !== 0 && isMeant(hostConfig.LogConfig?.Type))
  );
}
