import { readdirSync } from "node:fs";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import { VERSION } from "../../base/version.ts";
import type { ContainerStore } from "../../core/containers/container-record.ts";
import type { EngineEvent, EventLog } from "../../core/events/event-log.ts";
import type { RemoteFactory } from "../../core/remotes/remote.ts";
import type { Snapshotter } from "../../core/snapshots/snapshotter.ts";
import type { VolumeStore } from "../../core/volumes/volume.ts";
import type { LimitSupport } from "../../os/linux/cgroup/limit-support.ts";
import { NEWEST_API_VERSION, OLDEST_API_VERSION } from "../../spec/engine-api/api-versions.ts";
import type {
  AuthConfig,
  AuthResponse,
  BuildCache,
  ContainerSummary,
  ImageSummary,
  PluginsInfo,
  SystemInfo,
  SystemVersion,
  UsageSummary,
  Volume,
} from "../../spec/engine-api/mod.ts";
import { type EventsOptions, streamEvents } from "./events.ts";
import type { HostFacts } from "./host-facts.ts";
import { tellMissingLimits } from "./missing-limits.ts";

/** Program that an OCI runtime was found as, and what it says of itself. */
export interface RuntimeProgram {
  readonly name: string;
  readonly path: string;
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
  readonly runtimes: readonly RuntimeProgram[];
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

/** Nothing is built here, so nothing is kept of it. */
const NO_BUILD_CACHE: Required<UsageSummary<BuildCache>> = {
  ActiveCount: 0,
  TotalCount: 0,
  Reclaimable: 0,
  TotalSize: 0,
  Items: [],
};

/** Where `system df` gets its lists from. */
export interface UsageSources {
  containers(): Promise<ContainerSummary[]>;
  images(): Promise<Required<UsageSummary<ImageSummary>>>;
  volumes(): Promise<Volume[]>;
}

export type DiskUsageKind = "container" | "image" | "volume" | "build-cache";

export interface DiskUsageReport {
  readonly images?: Required<UsageSummary<ImageSummary>>;
  readonly containers?: Required<UsageSummary<ContainerSummary>>;
  readonly volumes?: Required<UsageSummary<Volume>>;
  readonly buildCache?: Required<UsageSummary<BuildCache>>;
}

/** The engine as a whole: what it is, what it holds, what happens in it. */
export class SystemService {
  readonly #parts: SystemServiceParts;

  constructor(parts: SystemServiceParts) {
    this.#parts = parts;
  }

  async version(): Promise<Omit<SystemVersion, "ApiVersion" | "MinAPIVersion">> {
    const { runtimes, experimental } = this.#parts;
    const init = await this.#parts.init();
    const kernel = this.#parts.host().kernel;
    return {
      Platform: { Name: "Gantry" },
      Components: [
        {
          Name: "Engine",
          Version: VERSION,
          Details: {
            ApiVersion: NEWEST_API_VERSION,
            Arch: goArchitecture(),
            BuildTime: "",
            Experimental: String(experimental),
            GitCommit: "",
            GoVersion: runtimeName(),
            KernelVersion: kernel.release,
            MinAPIVersion: OLDEST_API_VERSION,
            Os: "linux",
          },
        },
        ...runtimes.map(({ name, version }) => ({ Name: name, Version: version, Details: {} })),
        { Name: init.name, Version: init.version, Details: { GitCommit: init.commit } },
      ],
      Version: VERSION,
      GitCommit: "",
      GoVersion: runtimeName(),
      Os: "linux",
      Arch: goArchitecture(),
      KernelVersion: kernel.release,
      ...(experimental ? { Experimental: true } : {}),
      BuildTime: "",
    };
  }

  async info(): Promise<SystemInfo> {
    const { containers, snapshotter, runtimes, registry } = this.#parts;
    const host = this.#parts.host();
    const init = await this.#parts.init();
    const devices = await this.#parts.devices.list();
    const counts = countStates(containers);
    const { limits, addressPools } = this.#parts;
    const current = this.#parts.current();
    return {
      ID: this.#parts.engineId,
      ...counts,
      Images: this.#parts.countImages(),
      Driver: snapshotter.name,
      DriverStatus: (await snapshotter.status()).map(([label, value]) => [label, value]),
      DockerRootDir: this.#parts.dataRoot,
      Plugins: this.#parts.plugins(),
      MemoryLimit: limits.memory,
      SwapLimit: limits.swap,
      KernelMemory: false,
      KernelMemoryTCP: false,
      CpuCfsPeriod: limits.cpuQuota,
      CpuCfsQuota: limits.cpuQuota,
      CPUShares: limits.cpuShares,
      CPUSet: limits.cpuset !== undefined,
      PidsLimit: limits.pids,
      OomKillDisable: limits.oomKillDisable,
      IPv4Forwarding: host.ipv4Forwarding,
      Debug: current.debug,
      NFd: readdirSync("/proc/self/fd").length,
      // The nearest thing to what docker counts here.
      NGoroutines: readdirSync("/proc/self/task").length,
      SystemTime: formatRfc3339Nano(nowNs()),
      LoggingDriver: this.#parts.defaultLogDriver,
      CgroupDriver: "cgroupfs",
      CgroupVersion: host.cgroupVersion === 2 ? "2" : "1",
      NEventsListener: this.#parts.events.listenerCount,
      KernelVersion: host.kernel.release,
      OperatingSystem: host.operatingSystem,
      OSVersion: host.osVersion,
      OSType: "linux",
      Architecture: host.kernel.machine,
      NCPU: host.cpus,
      MemTotal: host.memoryBytes,
      IndexServerAddress: "https://index.docker.io/v1/",
      RegistryConfig: registryConfig(registry),
      GenericResources: null,
      HttpProxy: current.proxies.http,
      HttpsProxy: current.proxies.https,
      NoProxy: current.proxies.except,
      Name: host.name,
      Labels: [...current.labels],
      ExperimentalBuild: this.#parts.experimental,
      ServerVersion: VERSION,
      Runtimes: Object.fromEntries(runtimes.map(({ name, path }) => [name, { path }])),
      DefaultRuntime: runtimes[0]?.name ?? "",
      Swarm: {
        NodeID: "",
        NodeAddr: "",
        LocalNodeState: "inactive",
        ControlAvailable: false,
        Error: "",
        RemoteManagers: null,
      },
      LiveRestoreEnabled: current.liveRestore,
      Isolation: "",
      InitBinary: init.name,
      ContainerdCommit: { ID: "" },
      RuncCommit: { ID: runtimes[0]?.version ?? "" },
      InitCommit: { ID: init.commit },
      SecurityOptions: [...host.securityOptions],
      FirewallBackend: { Driver: "nftables" },
      CDISpecDirs: [...this.#parts.devices.directories],
      DiscoveredDevices: devices.names.map((name) => ({ Source: "cdi", ID: name })),
      ...(addressPools.length > 0 ? { DefaultAddressPools: [...addressPools] } : {}),
      Warnings: warningsOf(
        [...this.#parts.warnings, ...tellMissingLimits(limits, host.cgroupVersion)],
        devices.errors,
      ),
    };
  }

  /** Tells that the configuration was read again and what it says now. */
  announceReload(attributes: Readonly<Record<string, string>>): void {
    this.#parts.events.publish({
      type: "daemon",
      action: "reload",
      actor: { id: this.#parts.engineId, attributes: { ...attributes, name: this.#parts.host().name } },
    });
  }

  async diskUsage(options: { readonly kinds: readonly DiskUsageKind[] }): Promise<DiskUsageReport> {
    const { usage } = this.#parts;
    const wants = (kind: DiskUsageKind) => options.kinds.includes(kind);
    return {
      ...(wants("image") ? { images: await usage.images() } : {}),
      ...(wants("container") ? { containers: summarizeContainers(await usage.containers()) } : {}),
      ...(wants("volume") ? { volumes: summarizeVolumes(await usage.volumes()) } : {}),
      ...(wants("build-cache") ? { buildCache: NO_BUILD_CACHE } : {}),
    };
  }

  async events(options: EventsOptions): Promise<AsyncIterable<EngineEvent>> {
    return streamEvents(this.#parts.events, options);
  }

  async login(credentials: AuthConfig): Promise<AuthResponse> {
    const server = credentials.serveraddress || "https://index.docker.io/v1/";
    const { identityToken } = await this.#parts.remotes.login(server, {
      ...(credentials.username ? { username: credentials.username } : {}),
      ...(credentials.password ? { password: credentials.password } : {}),
      ...(credentials.identitytoken ? { identityToken: credentials.identitytoken } : {}),
    });
    return { Status: "Login Succeeded", IdentityToken: identityToken };
  }
}

function warningsOf(
  general: readonly string[],
  deviceErrors: ReadonlyMap<string, readonly string[]>,
): string[] | null {
  const warnings = [...general];
  for (const [path, errors] of deviceErrors) {
    for (const error of errors) warnings.push(`CDI: Error associated with spec file ${path}: ${error}`);
  }
  return warnings.length > 0 ? warnings : null;
}

function runtimeName(): string {
  const bun = process.versions["bun"];
  return bun ? `bun${bun}` : `node${process.versions.node}`;
}

/** The architecture as Go and image platforms name it. */
function goArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

function countStates(containers: ContainerStore) {
  let running = 0;
  let paused = 0;
  const all = containers.list();
  for (const { state } of all) {
    if (state.status === "running" || state.status === "restarting") running++;
    if (state.status === "paused") paused++;
  }
  return {
    Containers: all.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: all.length - running - paused,
  };
}

function registryConfig(registry: SystemServiceParts["registry"]): SystemInfo["RegistryConfig"] {
  const isNetwork = (entry: string) => /\/\d+$/.test(entry);
  const insecure = registry.insecureRegistries;
  return {
    InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8", ...insecure.filter(isNetwork)],
    IndexConfigs: {
      "docker.io": { Name: "docker.io", Mirrors: [...registry.mirrors], Secure: true, Official: true },
      ...Object.fromEntries(
        insecure
          .filter((entry) => !isNetwork(entry))
          .map((name) => [name, { Name: name, Mirrors: [], Secure: false, Official: false }]),
      ),
    },
    Mirrors: registry.mirrors.length > 0 ? [...registry.mirrors] : null,
  };
}

function summarizeContainers(items: ContainerSummary[]): Required<UsageSummary<ContainerSummary>> {
  const active = items.filter(
    ({ State }) => State === "running" || State === "paused" || State === "restarting",
  );
  const sum = (some: ContainerSummary[]) => some.reduce((total, { SizeRw = 0 }) => total + SizeRw, 0);
  return {
    ActiveCount: active.length,
    TotalCount: items.length,
    TotalSize: sum(items),
    Reclaimable: sum(items) - sum(active),
    Items: items,
  };
}

function summarizeVolumes(items: Volume[]): Required<UsageSummary<Volume>> {
  const used = items.filter((volume) => (volume.UsageData?.RefCount ?? 0) > 0);
  const sum = (some: Volume[]) =>
    some.reduce((total, { UsageData }) => total + Math.max(0, UsageData?.Size ?? 0), 0);
  return {
    ActiveCount: used.length,
    TotalCount: items.length,
    TotalSize: sum(items),
    Reclaimable: sum(items) - sum(used),
    Items: items,
  };
}
