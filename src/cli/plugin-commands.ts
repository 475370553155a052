import type { Leaf } from "./command-tree.ts";

/** What comes after `plugin`. */
export const PLUGIN_COMMANDS: readonly Leaf[] = [
  {
    name: "create",
    summary:
      "Create a plugin from a rootfs and configuration. Plugin data directory must contain config.json and rootfs directory.",
    load: () => import("./commands/plugin/create.ts"),
  },
  { name: "disable", summary: "Disable a plugin", load: () => import("./commands/plugin/disable.ts") },
  { name: "enable", summary: "Enable a plugin", load: () => import("./commands/plugin/enable.ts") },
  {
    name: "inspect",
    summary: "Display detailed information on one or more plugins",
    load: () => import("./commands/plugin/inspect.ts"),
  },
  { name: "install", summary: "Install a plugin", load: () => import("./commands/plugin/install.ts") },
  { name: "ls", aliases: ["list"], summary: "List plugins", load: () => import("./commands/plugin/ls.ts") },
  { name: "push", summary: "Push a plugin to a registry", load: () => import("./commands/plugin/push.ts") },
  {
    name: "rm",
    aliases: ["remove"],
    summary: "Remove one or more plugins",
    load: () => import("./commands/plugin/rm.ts"),
  },
  { name: "set", summary: "Change settings for a plugin", load: () => import("./commands/plugin/set.ts") },
  {
    name: "upgrade",
    summary: "Upgrade an existing plugin",
    load: () => import("./commands/plugin/upgrade.ts"),
  },
];
