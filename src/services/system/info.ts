import { readdirSync } from "node:fs";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import { VERSION } from "../../base/version.ts";
import type { ContainerStore } from "../../core/containers/container-record.ts";
import type { LimitSupport } from "../../os/linux/cgroup/limit-support.ts";
import type { SystemInfo } from "../../spec/engine-api/mod.ts";
import { tellMissingLimits } from "./missing-limits.ts";
import type { RuntimeProgram, SystemServiceParts } from "./parts.ts";

/** What docker says of an engine that is in no cluster. */
const NO_SWARM: NonNullable<SystemInfo["Swarm"]> = {
  NodeID: "",
  NodeAddr: "",
  LocalNodeState: "inactive",
  ControlAvailable: false,
  Error: "",
  RemoteManagers: null,
};

/** What the engine has and can do, and what is wrong with it. */
export async function describeSystem(parts: SystemServiceParts): Promise<SystemInfo> {
  const { snapshotter, limits, addressPools } = parts;
  const runtimes = parts.runtimes();
  const host = parts.host();
  const init = await parts.init();
  const devices = await parts.devices.list();
  const current = parts.current();
  return {
    ID: parts.engineId,
    ...countStates(parts.containers),
    Images: parts.countImages(),
    Driver: snapshotter.name,
    DriverStatus: (await snapshotter.status()).map(([label, value]) => [label, value]),
    DockerRootDir: parts.dataRoot,
    Plugins: parts.plugins(),
    ...describeLimits(limits),
    IPv4Forwarding: host.ipv4Forwarding,
    Debug: current.debug,
    NFd: readdirSync("/proc/self/fd").length,
    // The nearest thing to what docker counts here.
    NGoroutines: readdirSync("/proc/self/task").length,
    SystemTime: formatRfc3339Nano(nowNs()),
    LoggingDriver: parts.defaultLogDriver,
    CgroupDriver: "cgroupfs",
    CgroupVersion: host.cgroupVersion === 2 ? "2" : "1",
    NEventsListener: parts.events.listenerCount,
    KernelVersion: host.kernel.release,
    OperatingSystem: host.operatingSystem,
    OSVersion: host.osVersion,
    OSType: "linux",
    Architecture: host.kernel.machine,
    NCPU: host.cpus,
    MemTotal: host.memoryBytes,
    IndexServerAddress: "https://index.docker.io/v1/",
    RegistryConfig: registryConfig(parts.registry),
    GenericResources: null,
    HttpProxy: current.proxies.http,
    HttpsProxy: current.proxies.https,
    NoProxy: current.proxies.except,
    Name: host.name,
    Labels: [...current.labels],
    ExperimentalBuild: parts.experimental,
    ServerVersion: VERSION,
    Runtimes: describeRuntimes(runtimes),
    DefaultRuntime: runtimes[0]?.name ?? "",
    Swarm: NO_SWARM,
    LiveRestoreEnabled: current.liveRestore,
    Isolation: "",
    InitBinary: init.name,
    ContainerdCommit: { ID: "" },
    RuncCommit: { ID: runtimes[0]?.version ?? "" },
    InitCommit: { ID: init.commit },
    SecurityOptions: [...host.securityOptions],
    FirewallBackend: { Driver: "nftables" },
    CDISpecDirs: [...parts.devices.directories],
    DiscoveredDevices: devices.names.map((name) => ({ Source: "cdi", ID: name })),
    ...(addressPools.length > 0 ? { DefaultAddressPools: [...addressPools] } : {}),
    Warnings: warningsOf(
      [...parts.warnings, ...tellMissingLimits(limits, host.cgroupVersion)],
      devices.errors,
    ),
  };
}

function describeRuntimes(runtimes: readonly RuntimeProgram[]): SystemInfo["Runtimes"] {
  return Object.fromEntries(
    runtimes.map(({ name, path, args }) => [
      name,
      { path, ...(args.length > 0 ? { runtimeArgs: [...args] } : {}) },
    ]),
  );
}

function describeLimits(limits: LimitSupport) {
  return {
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
  };
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
