import type { AnyCommand } from "./command.ts";
import { CONTEXT_COMMANDS } from "./context-commands.ts";
import { MANIFEST_GROUP } from "./manifest/manifest-group.ts";
import { PLUGIN_COMMANDS } from "./plugin-commands.ts";

type Load = () => Promise<{ readonly command: AnyCommand }>;

/** A command: all that help of the groups above it needs, and where the rest is. */
export interface Leaf {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly load: Load;
  /** Its name without the group in front, where it has such a form. */
  readonly short?: string;
  /** For programs: left out of help. */
  readonly hidden?: true;
}

export interface Group {
  readonly name: string;
  readonly summary: string;
  /** Replaces the summary in the group's own help. */
  readonly description?: string;
  /** Help warns that it and its commands may change. */
  readonly experimental?: boolean;
  readonly children: readonly Leaf[];
}

const container: readonly Leaf[] = [
  {
    name: "attach",
    short: "attach",
    summary: "Attach local standard input, output, and error streams to a running container",
    load: () => import("./commands/container/attach.ts"),
  },
  {
    name: "commit",
    short: "commit",
    summary: "Create a new image from a container's changes",
    load: () => import("./commands/container/commit.ts"),
  },
  {
    name: "cp",
    short: "cp",
    summary: "Copy files/folders between a container and the local filesystem",
    load: () => import("./commands/container/cp.ts"),
  },
  {
    name: "create",
    short: "create",
    summary: "Create a new container",
    load: () => import("./commands/container/create.ts"),
  },
  {
    name: "diff",
    short: "diff",
    summary: "Inspect changes to files or directories on a container's filesystem",
    load: () => import("./commands/container/diff.ts"),
  },
  {
    name: "exec",
    short: "exec",
    summary: "Execute a command in a running container",
    load: () => import("./commands/container/exec.ts"),
  },
  {
    name: "export",
    short: "export",
    summary: "Export a container's filesystem as a tar archive",
    load: () => import("./commands/container/export.ts"),
  },
  {
    name: "inspect",
    summary: "Display detailed information on one or more containers",
    load: () => import("./commands/container/inspect.ts"),
  },
  {
    name: "kill",
    short: "kill",
    summary: "Kill one or more running containers",
    load: () => import("./commands/container/kill.ts"),
  },
  {
    name: "logs",
    short: "logs",
    summary: "Fetch the logs of a container",
    load: () => import("./commands/container/logs.ts"),
  },
  {
    name: "ls",
    aliases: ["list", "ps"],
    short: "ps",
    summary: "List containers",
    load: () => import("./commands/container/ls.ts"),
  },
  {
    name: "pause",
    short: "pause",
    summary: "Pause all processes within one or more containers",
    load: () => import("./commands/container/pause.ts"),
  },
  {
    name: "port",
    short: "port",
    summary: "List port mappings or a specific mapping for the container",
    load: () => import("./commands/container/port.ts"),
  },
  {
    name: "prune",
    summary: "Remove all stopped containers",
    load: () => import("./commands/container/prune.ts"),
  },
  {
    name: "rename",
    short: "rename",
    summary: "Rename a container",
    load: () => import("./commands/container/rename.ts"),
  },
  {
    name: "restart",
    short: "restart",
    summary: "Restart one or more containers",
    load: () => import("./commands/container/restart.ts"),
  },
  {
    name: "rm",
    aliases: ["remove"],
    short: "rm",
    summary: "Remove one or more containers",
    load: () => import("./commands/container/rm.ts"),
  },
  {
    name: "run",
    short: "run",
    summary: "Create and run a new container from an image",
    load: () => import("./commands/container/run.ts"),
  },
  {
    name: "start",
    short: "start",
    summary: "Start one or more stopped containers",
    load: () => import("./commands/container/start.ts"),
  },
  {
    name: "stats",
    short: "stats",
    summary: "Display a live stream of container(s) resource usage statistics",
    load: () => import("./commands/container/stats.ts"),
  },
  {
    name: "stop",
    short: "stop",
    summary: "Stop one or more running containers",
    load: () => import("./commands/container/stop.ts"),
  },
  {
    name: "top",
    short: "top",
    summary: "Display the running processes of a container",
    load: () => import("./commands/container/top.ts"),
  },
  {
    name: "unpause",
    short: "unpause",
    summary: "Unpause all processes within one or more containers",
    load: () => import("./commands/container/unpause.ts"),
  },
  {
    name: "update",
    short: "update",
    summary: "Update configuration of one or more containers",
    load: () => import("./commands/container/update.ts"),
  },
  {
    name: "wait",
    short: "wait",
    summary: "Block until one or more containers stop, then print their exit codes",
    load: () => import("./commands/container/wait.ts"),
  },
];

const image: readonly Leaf[] = [
  {
    name: "history",
    short: "history",
    summary: "Show the history of an image",
    load: () => import("./commands/image/history.ts"),
  },
  {
    name: "import",
    short: "import",
    summary: "Import the contents from a tarball to create a filesystem image",
    load: () => import("./commands/image/import.ts"),
  },
  {
    name: "inspect",
    summary: "Display detailed information on one or more images",
    load: () => import("./commands/image/inspect.ts"),
  },
  {
    name: "load",
    short: "load",
    summary: "Load an image from a tar archive or STDIN",
    load: () => import("./commands/image/load.ts"),
  },
  {
    name: "ls",
    aliases: ["list"],
    short: "images",
    summary: "List images",
    load: () => import("./commands/image/ls.ts"),
  },
  { name: "prune", summary: "Remove unused images", load: () => import("./commands/image/prune.ts") },
  {
    name: "pull",
    short: "pull",
    summary: "Download an image from a registry",
    load: () => import("./commands/image/pull.ts"),
  },
  {
    name: "push",
    short: "push",
    summary: "Upload an image to a registry",
    load: () => import("./commands/image/push.ts"),
  },
  {
    name: "rm",
    aliases: ["remove"],
    short: "rmi",
    summary: "Remove one or more images",
    load: () => import("./commands/image/rm.ts"),
  },
  {
    name: "save",
    short: "save",
    summary: "Save one or more images to a tar archive (streamed to STDOUT by default)",
    load: () => import("./commands/image/save.ts"),
  },
  {
    name: "tag",
    short: "tag",
    summary: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
    load: () => import("./commands/image/tag.ts"),
  },
];

const network: readonly Leaf[] = [
  {
    name: "connect",
    summary: "Connect a container to a network",
    load: () => import("./commands/network/connect.ts"),
  },
  { name: "create", summary: "Create a network", load: () => import("./commands/network/create.ts") },
  {
    name: "disconnect",
    summary: "Disconnect a container from a network",
    load: () => import("./commands/network/disconnect.ts"),
  },
  {
    name: "inspect",
    summary: "Display detailed information on one or more networks",
    load: () => import("./commands/network/inspect.ts"),
  },
  { name: "ls", aliases: ["list"], summary: "List networks", load: () => import("./commands/network/ls.ts") },
  { name: "prune", summary: "Remove all unused networks", load: () => import("./commands/network/prune.ts") },
  {
    name: "rm",
    aliases: ["remove"],
    summary: "Remove one or more networks",
    load: () => import("./commands/network/rm.ts"),
  },
];

const volume: readonly Leaf[] = [
  { name: "create", summary: "Create a volume", load: () => import("./commands/volume/create.ts") },
  {
    name: "inspect",
    summary: "Display detailed information on one or more volumes",
    load: () => import("./commands/volume/inspect.ts"),
  },
  { name: "ls", aliases: ["list"], summary: "List volumes", load: () => import("./commands/volume/ls.ts") },
  { name: "prune", summary: "Remove unused local volumes", load: () => import("./commands/volume/prune.ts") },
  {
    name: "rm",
    aliases: ["remove"],
    summary: "Remove one or more volumes",
    load: () => import("./commands/volume/rm.ts"),
  },
  {
    name: "update",
    summary: "Update a volume (cluster volumes only)",
    load: () => import("./commands/volume/update.ts"),
  },
  {
    name: "clone",
    summary: "Copy a volume into a new one",
    load: () => import("./commands/volume/clone.ts"),
  },
  {
    name: "export",
    summary: "Export a volume's contents as a tar archive",
    load: () => import("./commands/volume/export.ts"),
  },
  {
    name: "import",
    summary: "Fill a volume from a tar archive",
    load: () => import("./commands/volume/import.ts"),
  },
  {
    name: "rename",
    summary: "Give a volume that no container has another name",
    load: () => import("./commands/volume/rename.ts"),
  },
  {
    name: "snapshot",
    summary: "Keep what a volume has now in a new one",
    load: () => import("./commands/volume/snapshot.ts"),
  },
];

const system: readonly Leaf[] = [
  { name: "df", summary: "Show docker disk usage", load: () => import("./commands/system/df.ts") },
  {
    name: "dial-stdio",
    summary: "Proxy the stdio stream to the daemon connection. Should not be invoked manually.",
    hidden: true,
    load: () => import("./commands/system/dial-stdio.ts"),
  },
  {
    name: "events",
    short: "events",
    summary: "Get real time events from the server",
    load: () => import("./commands/system/events.ts"),
  },
  {
    name: "info",
    short: "info",
    summary: "Display system-wide information",
    load: () => import("./commands/system/info.ts"),
  },
  { name: "prune", summary: "Remove unused data", load: () => import("./commands/system/prune.ts") },
];

/** Commands that have one name. */
export const ROOT_LEAVES: readonly Leaf[] = [
  {
    name: "inspect",
    summary: "Return low-level information on Docker objects",
    load: () => import("./commands/inspect.ts"),
  },
  { name: "login", summary: "Authenticate to a registry", load: () => import("./commands/login.ts") },
  { name: "logout", summary: "Log out from a registry", load: () => import("./commands/logout.ts") },
  { name: "search", summary: "Search Docker Hub for images", load: () => import("./commands/search.ts") },
  {
    name: "version",
    summary: "Show the Docker version information",
    load: () => import("./commands/version.ts"),
  },
];

export const GROUPS: readonly Group[] = [
  { name: "container", summary: "Manage containers", children: container },
  { name: "context", summary: "Manage contexts", children: CONTEXT_COMMANDS },
  { name: "image", summary: "Manage images", children: image },
  MANIFEST_GROUP,
  { name: "network", summary: "Manage networks", children: network },
  { name: "plugin", summary: "Manage plugins", children: PLUGIN_COMMANDS },
  { name: "system", summary: "Manage Docker", children: system },
  { name: "volume", summary: "Manage volumes", children: volume },
];

/** What help puts first, in this order. */
export const COMMON_COMMANDS: readonly string[] = [
  "run",
  "exec",
  "ps",
  "pull",
  "push",
  "images",
  "login",
  "logout",
  "search",
  "version",
  "info",
];
