import { join } from "node:path";

/** Where one engine keeps things: `dataRoot` and what is in it outlive a reboot, `runRoot` does not. */
export class EnginePaths {
  readonly dataRoot: string;
  /** The part of the data root that belongs to the storage driver in use. */
  readonly storageRoot: string;
  readonly runRoot: string;

  constructor(dataRoot: string, storageRoot: string, runRoot: string) {
    this.dataRoot = dataRoot;
    this.storageRoot = storageRoot;
    this.runRoot = runRoot;
  }

  /** Holds the directories of containers and nothing else. */
  get containersRoot(): string {
    return join(this.storageRoot, "containers");
  }

  /** Files of a container that outlive its process: hosts, resolv.conf, hostname, spool. */
  containerDir(id: string): string {
    return join(this.containersRoot, id);
  }

  hostsFile(id: string): string {
    return join(this.containerDir(id), "hosts");
  }

  hostnameFile(id: string): string {
    return join(this.containerDir(id), "hostname");
  }

  resolvConfFile(id: string): string {
    return join(this.containerDir(id), "resolv.conf");
  }

  /** The monitor's log file. */
  spoolFile(id: string): string {
    return join(this.containerDir(id), "spool.log");
  }

  /** Holds the bundles of tasks and nothing else. */
  get bundlesRoot(): string {
    return join(this.runRoot, "bundles");
  }

  bundleDir(id: string): string {
    return join(this.bundlesRoot, id);
  }

  /** Holds the pipes by which log plug-ins are fed and nothing else. */
  get logPipesRoot(): string {
    return join(this.runRoot, "logging");
  }

  /** Holds mounts that are made for containers beside their root file systems and nothing else. */
  get sideMountsRoot(): string {
    return join(this.runRoot, "mounts");
  }

  /** Holds the mount points of root file systems and nothing else. */
  get rootfsRoot(): string {
    return join(this.runRoot, "rootfs");
  }
}
