import type { Plugins } from "../../drivers/plugin-client/mod.ts";
import type { PluginsInfo } from "../../spec/engine-api/mod.ts";

export interface BuiltinNames {
  readonly volume: readonly string[];
  readonly network: readonly string[];
  readonly log: readonly string[];
  /** Plug-ins that decide about requests. */
  readonly authorization: readonly string[];
}

/**
 * Drivers as `info` lists them: the engine's own, and plug-ins that it has found so far. Of those that it runs itself only drivers
 * of networks are listed: `plugin ls` has them all. Source: moby, daemon/info.go.
 */
export function pluginNames(builtin: BuiltinNames, plugins: Plugins): PluginsInfo {
  const { authorization } = builtin;
  return {
    Volume: sorted(builtin.volume, plugins.activatedOf("VolumeDriver")),
    Network: sorted(builtin.network, [
      ...plugins.managedOf("NetworkDriver"),
      ...plugins.activatedOf("NetworkDriver"),
    ]),
    Authorization: authorization.length > 0 ? [...authorization] : null,
    Log: sorted(builtin.log, plugins.activatedOf("LogDriver")),
  };
}

function sorted(own: readonly string[], found: readonly string[]): string[] {
  return [...new Set([...own, ...found])].sort();
}
