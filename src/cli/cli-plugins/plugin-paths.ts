import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Cli } from "../cli.ts";

/** What the file name of a plug-in begins with. */
export const PLUGIN_PREFIX = "docker-";

const SYSTEM_FOLDERS = [
  "/usr/local/lib/docker/cli-plugins",
  "/usr/local/libexec/docker/cli-plugins",
  "/usr/lib/docker/cli-plugins",
  "/usr/libexec/docker/cli-plugins",
];

/** Where plug-ins of the command line are looked for, in this order. */
function pluginFolders(cli: Cli): string[] {
  return [...(cli.config.cliPluginsExtraDirs ?? []), join(cli.configDir, "cli-plugins"), ...SYSTEM_FOLDERS];
}

/** The paths of what may be a plug-in, by the name of its command; the first one is the one that counts. */
export function pluginPaths(cli: Cli): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const folder of pluginFolders(cli)) {
    for (const file of filesOf(folder)) {
      if (!file.startsWith(PLUGIN_PREFIX)) continue;
      const name = file.slice(PLUGIN_PREFIX.length);
      found.set(name, [...(found.get(name) ?? []), join(folder, file)]);
    }
  }
  return found;
}

/** Names of the files in a folder, links to files among them. */
function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .sort()
      .filter((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.isFile());
  } catch {
    // Folders that are not there, or closed to this user, have no plug-ins for them.
    return [];
  }
}
