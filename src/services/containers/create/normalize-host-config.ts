import { invalidArgument } from "../../../base/errors.ts";
import { sortedByKey } from "../../../base/sorted-by-key.ts";
import type { HostConfig, Resources, RestartPolicy, Ulimit } from "../../../spec/engine-api/mod.ts";
import type { DnsRequest } from "../files/resolv-conf.ts";

/** What this engine fills in where a request leaves something open. */
export interface HostDefaults {
  readonly runtime: string;
  readonly cgroupVersion: 1 | 2;
  readonly ipcMode: string;
  /** Empty for the kernel's usual: an own one with control groups of version 2. */
  readonly cgroupnsMode: "" | "private" | "host";
  readonly shmSizeBytes: number;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  /** Resource limits of processes where a container sets none of that name. */
  readonly ulimits: readonly Ulimit[];
  /** Name resolution of containers that say nothing about it themselves. */
  readonly dns: DnsRequest;
}

const MAX_MEMORY_BYTES = 2 ** 63;

/** The request with every default filled in, as `inspect` shows it. Errors: invalidArgument, docker's texts. */
export function normalizeHostConfig(request: HostConfig, defaults: HostDefaults): HostConfig {
  const privileged = request.Privileged ?? false;
  const unmask =
    privileged || (request.SecurityOpt ?? []).some((option) => /^systempaths[=:]unconfined$/.test(option));
  const networkMode = request.NetworkMode || "default";
  const config: HostConfig = {
    ...emptyHostConfig(),
    ...request,
    NetworkMode: networkMode === "default" ? "bridge" : networkMode,
    IpcMode: request.IpcMode || defaults.ipcMode,
    CgroupnsMode: request.CgroupnsMode || chooseCgroupns(privileged, defaults),
    ShmSize: request.ShmSize || defaults.shmSizeBytes,
    Runtime: request.Runtime || defaults.runtime,
    ...completeLists(request),
    ...(needsNoLabel(request, privileged) ? { SecurityOpt: [...(request.SecurityOpt ?? []), NO_LABEL] } : {}),
    RestartPolicy: normalizeRestartPolicy(request.RestartPolicy ?? {}),
    MaskedPaths: request.MaskedPaths ?? (unmask ? null : [...defaults.maskedPaths]),
    ReadonlyPaths: request.ReadonlyPaths ?? (unmask ? null : [...defaults.readonlyPaths]),
    MemorySwap: normalizeMemorySwap(request.Memory ?? 0, request.MemorySwap ?? 0),
    // -1 is the older way to say nothing.
    MemorySwappiness: request.MemorySwappiness === -1 ? null : (request.MemorySwappiness ?? null),
    OomKillDisable: request.OomKillDisable ?? false,
  };
  for (const name of MAPS) sortMap(config, name);
  const { LogConfig: log } = config;
  if (log?.Config) config.LogConfig = { ...log, Config: sortedByKey(log.Config) };
  return config;
}

const NO_LABEL = "label=disable";

/** What sees all the host's processes or memory cannot be told apart from them by labels. */
function needsNoLabel({ SecurityOpt, IpcMode, PidMode }: HostConfig, privileged: boolean): boolean {
  if ((SecurityOpt ?? []).some((option) => option.split("=")[0] === "label")) return false;
  return privileged || IpcMode === "host" || PidMode === "host";
}

const MAPS = ["PortBindings", "Sysctls", "Tmpfs", "StorageOpt", "Annotations"] as const;

function sortMap<K extends (typeof MAPS)[number]>(config: HostConfig, name: K): void {
  const map = config[name];
  if (map) config[name] = sortedByKey(map);
}

/** What a list's entries leave out is empty, as in docker; so is an entry that is null. A list that is left out is null. */
function filled<T extends object>(list: ReadonlyArray<T | null> | null | undefined, empty: T): T[] | null {
  return list?.map((entry) => ({ ...empty, ...entry })) ?? null;
}

function completeLists(request: HostConfig): Partial<HostConfig> {
  return {
    Devices: filled(request.Devices, { PathOnHost: "", PathInContainer: "", CgroupPermissions: "" }),
    Ulimits: filled(request.Ulimits, { Name: "", Soft: 0, Hard: 0 }),
    ...completeDeviceLimits(request),
  };
}

export type DeviceLimits = Pick<
  Resources,
  | "BlkioWeightDevice"
  | "BlkioDeviceReadBps"
  | "BlkioDeviceWriteBps"
  | "BlkioDeviceReadIOps"
  | "BlkioDeviceWriteIOps"
>;

/** The limits of single block devices, null where nothing is said. */
export function completeDeviceLimits(request: DeviceLimits): Required<DeviceLimits> {
  const throttle = { Path: "", Rate: 0 };
  return {
    BlkioWeightDevice: filled(request.BlkioWeightDevice, { Path: "", Weight: 0 }),
    BlkioDeviceReadBps: filled(request.BlkioDeviceReadBps, throttle),
    BlkioDeviceWriteBps: filled(request.BlkioDeviceWriteBps, throttle),
    BlkioDeviceReadIOps: filled(request.BlkioDeviceReadIOps, throttle),
    BlkioDeviceWriteIOps: filled(request.BlkioDeviceWriteIOps, throttle),
  };
}

function chooseCgroupns(
  privileged: boolean,
  { cgroupVersion, cgroupnsMode }: HostDefaults,
): "private" | "host" {
  if (cgroupVersion === 1 && privileged) return "host";
  return cgroupnsMode || (cgroupVersion === 2 ? "private" : "host");
}

function normalizeMemorySwap(memoryBytes: number, memorySwapBytes: number): number {
  if (memoryBytes <= 0 || memorySwapBytes !== 0) return memorySwapBytes;
  // The kernel counts in 64 bits; more than that is no limit.
  return memoryBytes > MAX_MEMORY_BYTES / 2 ? -1 : memoryBytes * 2;
}

/** The policy with its defaults. Errors: invalidArgument, docker's texts. */
export function normalizeRestartPolicy(policy: RestartPolicy): RestartPolicy {
  const name = policy.Name || "no";
  const count = policy.MaximumRetryCount ?? 0;
  if (!["no", "always", "unless-stopped", "on-failure"].includes(name)) {
    throw invalidArgument(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  }
  if (count < 0) throw invalidArgument("invalid restart policy: maximum retry count cannot be negative");
  if (count > 0 && name !== "on-failure") {
    throw invalidArgument("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  }
  return { Name: name, MaximumRetryCount: count };
}

/** Go's empty values, which is what docker shows of fields that nobody set. */
function emptyHostConfig(): HostConfig {
  return {
    Binds: null,
    ContainerIDFile: "",
    PortBindings: null,
    AutoRemove: false,
    VolumeDriver: "",
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    Dns: null,
    DnsOptions: null,
    DnsSearch: null,
    ExtraHosts: null,
    GroupAdd: null,
    Cgroup: "",
    Links: null,
    OomScoreAdj: 0,
    PidMode: "",
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: "",
    UsernsMode: "",
    Isolation: "",
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    CgroupParent: "",
    BlkioWeight: 0,
    BlkioWeightDevice: null,
    BlkioDeviceReadBps: null,
    BlkioDeviceWriteBps: null,
    BlkioDeviceReadIOps: null,
    BlkioDeviceWriteIOps: null,
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: "",
    CpusetMems: "",
    Devices: null,
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: null,
    Ulimits: null,
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}
