import type { ContainerStore } from "../../core/containers/container-record.ts";
import type { EventLog } from "../../core/events/event-log.ts";
import type { RemoteFactory } from "../../core/remotes/remote.ts";
import type { Snapshotter } from "../../core/snapshots/snapshotter.ts";
import type { VolumeStore } from "../../core/volumes/volume.ts";
import type { LimitSupport } from "../../os/linux/cgroup/limit-support.ts";
import type { PluginsInfo } from "../../spec/engine-api/mod.ts";
import type { UsageSources } from "./disk-usage.ts";
import type { HostFacts } from "./host-facts.ts";

/** Program that an OCI runtime was found as, and what it says of itself. */
export interface RuntimeProgram {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly version: string;
}

/** The program that is process 1 of containers with an init. */
export interface InitProgram {
  /** As it was configured, or by the name it was found under. */
  readonly name: string;
  /** Empty where the program is missing or does not say. */
  readonly version: string;
  readonly commit: string;
}

export interface SystemServiceParts {
  /** Name of this engine's own, kept in its data root. */
  readonly engineId: string;
  readonly dataRoot: string;
  readonly containers: ContainerStore;
  /** How many images a list shows. */
  readonly countImages: () => number;
  readonly volumes: VolumeStore;
  readonly snapshotter: Snapshotter;
  readonly remotes: RemoteFactory;
  readonly events: EventLog;
  readonly host: () => HostFacts;
  readonly limits: LimitSupport;
  readonly devices: DeviceSource;
  /** The OCI runtimes, the default one first. */
  readonly runtimes: () => readonly RuntimeProgram[];
  readonly init: () => Promise<InitProgram>;
  /** Settings that a reload of the configuration changes. */
  readonly current: () => {
    readonly labels: readonly string[];
    readonly debug: boolean;
    readonly liveRestore: boolean;
    readonly proxies: DaemonProxies;
  };
  readonly experimental: boolean;
  /** Pools that subnets of new networks come from, where the configuration names any. */
  readonly addressPools: ReadonlyArray<{ readonly Base: string; readonly Size: number }>;
  /** Lines that `info` ends with because of the configuration. */
  readonly warnings: readonly string[];
  /** Names of drivers and plug-ins as they are now. */
  readonly plugins: () => PluginsInfo;
  readonly defaultLogDriver: string;
  readonly registry: { readonly mirrors: readonly string[]; readonly insecureRegistries: readonly string[] };
  readonly usage: UsageSources;
}

/** How the engine's own traffic leaves; no secrets in it. */
export interface DaemonProxies {
  readonly http: string;
  readonly https: string;
  readonly except: string;
}

/** Devices that containers can ask for by name. */
export interface DeviceSource {
  /** Where their descriptions are. */
  readonly directories: readonly string[];
  /** Names in full, and what is wrong with descriptions by their paths. */
  list(): Promise<{
    readonly names: readonly string[];
    readonly errors: ReadonlyMap<string, readonly string[]>;
  }>;
}
