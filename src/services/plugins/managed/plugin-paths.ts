import { join } from "node:path";
import { shortId } from "../../../base/ids.ts";
import type { PluginConfig } from "../../../spec/engine-api/mod.ts";

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

  rootfs(id: string): string {
    return join(this.pluginDir(id), "rootfs");
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

  /** Where a path that the plug-in names is on the host. Source: moby, plugin/v2, ScopedPath. */
  hostPath(id: string, { PropagatedMount: propagated }: PluginConfig, path: string): string {
    // Joining a path that begins with a slash cannot climb out: there is nothing above its root.
    const inside = join("/", path);
    const isPropagated = propagated !== "" && (inside === propagated || inside.startsWith(`${propagated}/`));
    return isPropagated
      ? join(this.propagatedMount(id), inside.slice(propagated.length))
      : join(this.rootfs(id), inside);
  }
}
