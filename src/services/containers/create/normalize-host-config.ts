import { invalidArgument } from "../../../base/errors.ts";
import type { HostConfig, RestartPolicy } from "../../../spec/engine-api/mod.ts";

/** What this engine fills in where a request leaves something open. */
export interface HostDefaults {
  readonly runtime: string;
  readonly cgroupVersion: 1 | 2;
  readonly shmSizeBytes: number;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

const MIN_MEMORY_BYTES = 6 * 1024 * 1024;

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
    IpcMode: request.IpcMode || "private",
    CgroupnsMode: request.CgroupnsMode || (defaults.cgroupVersion === 2 && !privileged ? "private" : "host"),
    ShmSize: request.ShmSize || defaults.shmSizeBytes,
    Runtime: request.Runtime || defaults.runtime,
    RestartPolicy: normalizeRestartPolicy(request.RestartPolicy ?? {}),
    MaskedPaths: request.MaskedPaths ?? (unmask ? null : [...defaults.maskedPaths]),
    ReadonlyPaths: request.ReadonlyPaths ?? (unmask ? null : [...defaults.readonlyPaths]),
    MemorySwap: normalizeMemorySwap(request.Memory ?? 0, request.MemorySwap ?? 0),
  };
  return config;
}

function normalizeMemorySwap(memoryBytes: number, memorySwapBytes: number): number {
  return memoryBytes > 0 && memorySwapBytes === 0 ? memoryBytes * 2 : memorySwapBytes;
}

function normalizeRestartPolicy(policy: RestartPolicy): RestartPolicy {
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

function emptyHostConfig(): HostConfig {
  return {
    Binds: null,
    ContainerIDFile: "",
    PortBindings: {},
    AutoRemove: false,
    VolumeDriver: "",
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
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
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: "",
    CpusetMems: "",
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: null,
    OomKillDisable: null,
    PidsLimit: null,
    Ulimits: [],
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}

/** Checks what does not depend on the host. Errors: invalidArgument, docker's texts. */
export function checkHostConfig(config: HostConfig): void {
  checkMemory(config);
  checkCpu(config);
  checkNamespaceModes(config);
  if (config.AutoRemove && config.RestartPolicy?.Name && config.RestartPolicy.Name !== "no") {
    throw invalidArgument("can't create 'AutoRemove' container with restart policy");
  }
  if ((config.ShmSize ?? 0) < 0) throw invalidArgument("SHM size can not be less than 0");
  const score = config.OomScoreAdj ?? 0;
  if (score < -1000 || score > 1000) {
    throw invalidArgument(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  }
  for (const extra of config.ExtraHosts ?? []) {
    const colon = extra.indexOf(":");
    if (colon <= 0 || colon === extra.length - 1)
      throw invalidArgument(`bad format for add-host: "${extra}"`);
  }
  if (config.Isolation && config.Isolation !== "default") {
    throw invalidArgument(`invalid isolation '${config.Isolation}' on linux`);
  }
}

const NAMESPACE_MODES = [
  ["IpcMode", "IPC", /^(none|private|shareable|host|container:.+)?$/],
  ["PidMode", "PID", /^(host|container:.+)?$/],
  ["UTSMode", "UTS", /^(host)?$/],
  ["UsernsMode", "USER", /^(host)?$/],
  ["CgroupnsMode", "CGROUP", /^(private|host)?$/],
] as const;

function checkNamespaceModes(config: HostConfig): void {
  for (const [field, name, valid] of NAMESPACE_MODES) {
    const mode = config[field] ?? "";
    if (!valid.test(mode)) throw invalidArgument(`invalid ${name} mode: ${mode}`);
  }
  if (config.NetworkMode === "container:") {
    throw invalidArgument("Container id is empty: invalid network mode");
  }
}

function checkMemory(config: HostConfig): void {
  const memory = config.Memory ?? 0;
  const swap = config.MemorySwap ?? 0;
  if (memory > 0 && memory < MIN_MEMORY_BYTES) {
    throw invalidArgument("Minimum memory limit allowed is 6MB");
  }
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalidArgument("Minimum memoryswap limit should be larger than memory limit, see usage");
  }
  if (memory === 0 && swap > 0) {
    throw invalidArgument("You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  const swappiness = config.MemorySwappiness ?? -1;
  if (swappiness < -1 || swappiness > 100) {
    throw invalidArgument(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  }
  const reservation = config.MemoryReservation ?? 0;
  if (reservation > 0 && reservation < MIN_MEMORY_BYTES) {
    throw invalidArgument("Minimum memory reservation allowed is 6MB");
  }
  if (memory > 0 && reservation > memory) {
    throw invalidArgument("Minimum memory limit can not be less than memory reservation limit, see usage");
  }
}

function checkCpu(config: HostConfig): void {
  const nanoCpus = config.NanoCpus ?? 0;
  if (nanoCpus > 0 && (config.CpuPeriod ?? 0) > 0) {
    throw invalidArgument("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  }
  if (nanoCpus > 0 && (config.CpuQuota ?? 0) > 0) {
    throw invalidArgument("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  }
  const period = config.CpuPeriod ?? 0;
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    throw invalidArgument(
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    );
  }
  const quota = config.CpuQuota ?? 0;
  if (quota > 0 && quota < 1000) throw invalidArgument("CPU cfs quota can not be less than 1ms (i.e. 1000)");
}

/** Checks `--cpus` against what the machine has. Errors: invalidArgument. */
export function checkCpuCount(config: HostConfig, availableCpus: number): void {
  const nanoCpus = config.NanoCpus ?? 0;
  if (nanoCpus < 0 || nanoCpus > availableCpus * 1e9) {
    throw invalidArgument(
      `range of CPUs is from 0.01 to ${availableCpus}.00, as there are only ${availableCpus} CPUs available`,
    );
  }
}
