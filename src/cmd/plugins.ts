import { join } from "node:path";
import { KeyedMutex } from "../base/async.ts";
import type { ContainerStore } from "../core/containers/container-record.ts";
import type { NetworkStore } from "../core/networks/network-driver.ts";
import type { VolumeStore } from "../core/volumes/volume.ts";
import { LocalContentStore } from "../drivers/content-local/mod.ts";
import { Plugins } from "../drivers/plugin-client/mod.ts";
import { OciRuntime, type OciRuntimeOptions } from "../drivers/runtime-oci/mod.ts";
import {
  AuthorizationPlugins,
  fullNameOf,
  type ManagedPluginParts,
  ManagedPluginService,
  PluginPaths,
  pluginNames,
} from "../services/plugins/mod.ts";
import type { PluginsInfo } from "../spec/engine-api/mod.ts";
import type { DaemonSettings } from "./daemon-settings.ts";
import { pluginDirectories } from "./shared-directories.ts";

export interface EnginePluginsOptions
  extends Omit<ManagedPluginParts, "content" | "runtime" | "bundlesRoot" | "paths" | "locks" | "isUsed"> {
  readonly dataRoot: string;
  readonly runRoot: string;
  readonly settings: DaemonSettings;
  readonly runtimeOptions: Omit<OciRuntimeOptions, "runRoot" | "bundlesRoot">;
  readonly users: PluginUsers;
}

/** Who may need a plug-in's driver. */
export interface PluginUsers {
  readonly containers: ContainerStore;
  readonly networks: NetworkStore;
  readonly volumes: VolumeStore;
}

export interface EnginePlugins extends AsyncDisposable {
  /** All that there are, to whoever needs one. */
  readonly plugins: Plugins;
  readonly managed: ManagedPluginService;
  /** Those that decide about requests; undefined where none are configured. */
  readonly authorization: AuthorizationPlugins | undefined;
  /** Drivers as `info` lists them, the engine's own among them. */
  names(volume: readonly string[], network: readonly string[], log: readonly string[]): PluginsInfo;
}

/** An engine's plug-ins: those that announce themselves, and those that it runs, with blobs and tasks of their own. */
export function createPlugins(options: EnginePluginsOptions): EnginePlugins {
  const { dataRoot, runRoot, settings, runtimeOptions, users, ...parts } = options;
  const root = join(dataRoot, "plugins");
  const bundlesRoot = join(runRoot, "plugin-bundles");
  const runtime = new OciRuntime({
    ...runtimeOptions,
    runRoot: join(runRoot, "plugin-tasks"),
    bundlesRoot,
  });
  const managed = new ManagedPluginService({
    ...parts,
    content: new LocalContentStore(join(root, "content")),
    runtime,
    bundlesRoot,
    paths: new PluginPaths(root, join(runRoot, "plugins")),
    locks: new KeyedMutex(),
    isUsed: (name) => isUsed(users, name),
  });
  const { logger } = parts;
  const plugins = new Plugins({ directories: pluginDirectories(runRoot), managed, logger });
  const authorization = settings["authorization-plugin"];
  return {
    plugins,
    managed,
    authorization:
      authorization.length > 0 ? new AuthorizationPlugins(plugins, authorization, logger) : undefined,
    names: (volume, network, log) => pluginNames({ volume, network, log, authorization }, plugins),
    async [Symbol.asyncDispose]() {
      managed.close();
      await runtime.close();
    },
  };
}

/** Looked up where it is stored, so that no count can be wrong. */
function isUsed({ containers, networks, volumes }: PluginUsers, name: string): boolean {
  const isMeant = (driver: string | undefined) =>
    driver !== undefined && (driver === name || fullNameOf(driver) === name);
  return (
    volumes.list().some(({ driver }) => isMeant(driver)) ||
    networks.listNetworks().some(({ driver, ipamDriver }) => isMeant(driver) || isMeant(ipamDriver)) ||
    containers.list().some(({ state, hostConfig }) => state.pid !== 0 && isMeant(hostConfig.LogConfig?.Type))
  );
}
