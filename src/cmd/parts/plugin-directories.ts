import { join } from "node:path";
import type { PluginDirectories } from "../../drivers/plugin-client/mod.ts";

/** Docker's directories for plug-ins, this program's, and this engine's alone. */
export function pluginDirectories(runRoot: string): PluginDirectories {
  const own = join(runRoot, "plugins");
  return {
    sockets: ["/run/docker/plugins", "/run/gantry/plugins", own],
    specifications: ["/etc/docker/plugins", "/usr/lib/docker/plugins", "/etc/gantry/plugins", own],
  };
}
