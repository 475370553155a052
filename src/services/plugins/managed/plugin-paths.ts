import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { shortId } from "../../../base/ids.ts";
import type { ManagedPluginRecord } from "../../../core/plugins/managed-plugin.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";
import type { PluginConfig } from "../../../spec/engine-api/mod.ts";

type PluginPlace = Pick<ManagedPluginRecord, "id" | "tree">;

/** Where managed plug-ins are: `root` outlives a reboot, `runRoot` does not. */
export class PluginPaths {
  readonly root: string;
  readonly runRoot: string;

  constructor(root: string, runRoot: string) {
    this.root = root;
    this.runRoot = runRoot;
  }

  /** Holds the directories of plug-ins and nothing else. */
  get pluginsRoot(): string {
    return join(this.root, "installed");
  }

  /** Holds trees that are not whole yet and nothing else. */
  get unfinishedRoot(): string {
    return join(this.root, "unfinished");
  }

  pluginDir(id: string): string {
    return join(this.pluginsRoot, id);
  }

  rootfs({ id, tree }: PluginPlace): string {
    return join(this.pluginDir(id), tree);
  }

  /** What the plug-in mounts below its propagated mount appears here on the host. */
  propagatedMount(id: string): string {
    return join(this.pluginDir(id), "propagated-mount");
  }

  /** The plug-in makes its socket here; the path is short, since the kernel takes no socket path beyond 107 bytes. */
  socketDir(id: string): string {
    return join(this.runRoot, shortId(id));
  }

  socketPath(id: string, config: PluginConfig): string {
    return join(this.socketDir(id), config.Interface.Socket);
  }

  /**
   * Where a path that the plug-in names is on the host; undefined where there is nothing, or a link of the plug-in's leads
   * out of what is its own. Source: moby, plugin/v2, ScopedPath.
   */
  async hostPath(
    plugin: PluginPlace & { readonly config: PluginConfig },
    path: string,
  ): Promise<string | undefined> {
    const { PropagatedMount: propagated } = plugin.config;
    const inside = join("/", path);
    const isPropagated = propagated !== "" && (inside === propagated || inside.startsWith(`${propagated}/`));
    const root = isPropagated ? this.propagatedMount(plugin.id) : this.rootfs(plugin);
    return await resolveInside(root, isPropagated ? inside.slice(propagated.length) : inside);
  }
}

/** On another thread: the plug-in may have mounted a file system of its own, which answers when it likes. */
async function resolveInside(directory: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(directory);
    const found = await realpath(join(directory, path));
    return found === root || found.startsWith(`${root}/`) ? found : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}
