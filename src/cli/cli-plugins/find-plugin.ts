import type { Cli } from "../cli.ts";
import { naturalCompare } from "../table/natural-order.ts";
import { type CliPlugin, isPluginName, readPlugin } from "./cli-plugin.ts";
import { pluginPaths } from "./plugin-paths.ts";

/** The plug-in whose command has that name; undefined where there is none, or one that is broken. */
export async function findPlugin(cli: Cli, name: string): Promise<CliPlugin | undefined> {
  const path = isPluginName(name) ? pluginPaths(cli).get(name)?.[0] : undefined;
  if (path === undefined) return undefined;
  const plugin = await readPlugin(path);
  return plugin.Err === undefined ? plugin : undefined;
}

/** All plug-ins, the broken ones too, in the order of their names. */
export async function listPlugins(cli: Cli): Promise<CliPlugin[]> {
  const plugins = [...pluginPaths(cli).values()].map(async ([first, ...others]) => {
    const plugin = await readPlugin(first!);
    return others.length === 0 ? plugin : { ...plugin, ShadowedPaths: others };
  });
  return (await Promise.all(plugins)).sort((a, b) => naturalCompare(a.Name, b.Name));
}
