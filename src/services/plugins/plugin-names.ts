import type { Plugins } from "../../drivers/plugin-client/mod.ts";
import type { PluginsInfo } from "../../spec/engine-api/mod.ts";

export interface BuiltinNames {
  readonly volume: readonly string[];
  readonly network: readonly string[];
  readonly log: readonly string[];
  /** Plug-ins that decide about requests. */
  readonly authorization: readonly string[];
}

/** Drivers as `info` lists them: the engine's own, then the plug-ins that it has found so far. */
export function pluginNames(builtin: BuiltinNames, plugins: Plugins): PluginsInfo {
  const { authorization } = builtin;
  return {
    Volume: sorted(builtin.volume, plugins.activeOf("VolumeDriver")),
    Network: sorted(builtin.network, plugins.activeOf("NetworkDriver")),
    Authorization: authorization.length > 0 ? [...authorization] : null,
    Log: sorted(builtin.log, plugins.activeOf("LogDriver")),
  };
}

function sorted(own: readonly string[], found: readonly string[]): string[] {
  return [...new Set([...own, ...found])].sort();
}
