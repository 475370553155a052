import { type EngineError, invalidArgument } from "../../../base/errors.ts";
import type { LimitSupport } from "../../../os/linux/cgroup/limit-support.ts";
import type { HostConfig, Resources } from "../../../spec/engine-api/mod.ts";
import { type NumberList, parseNumberList } from "./number-list.ts";

/** What a container can choose from on this host. */
export interface HostChoice {
  readonly cpus: number;
  readonly limits: LimitSupport;
  /** Names of the OCI runtimes, the default one first. */
  readonly runtimes: readonly string[];
}

const MIN_MEMORY_BYTES = 6 * 1024 * 1024;

/** Refuses what makes no sense or what this host has not got. Errors: invalidArgument, docker's texts. */
export function checkHostConfig(config: HostConfig, host: HostChoice): void {
  checkLimits(config, host);
  if ((config.Memory ?? 0) === 0 && (config.MemorySwap ?? 0) > 0) {
    throw invalidArgument("You should always set the Memory limit when using Memoryswap limit, see usage");
  }
  checkNamespaceModes(config);
  if (!host.runtimes.includes(config.Runtime ?? "")) {
    throw invalidArgument(`unknown or invalid runtime name: ${config.Runtime}`);
  }
  if ((config.CgroupParent ?? "").includes("\0")) {
    throw invalidArgument(`invalid cgroup parent: ${JSON.stringify(config.CgroupParent)}`);
  }
  if (Object.hasOwn(config.Annotations ?? {}, "")) {
    throw invalidArgument("invalid Annotations: the empty string is not permitted as an annotation key");
  }
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
  if (config.Isolation && config.Isolation.toLowerCase() !== "default") {
    throw invalidArgument(`invalid isolation (${config.Isolation}): linux only supports 'default'`);
  }
}

/** Refuses limits that make no sense or that this host has not got. Errors: invalidArgument, docker's texts. */
export function checkLimits(limits: Resources, host: HostChoice): void {
  checkMemory(limits);
  checkCpu(limits, host);
  checkCpuset(limits, host.limits);
  checkRealtime(limits, host.limits);
  checkBlockIo(limits);
}

const NAMESPACE_MODES = [
  ["IpcMode", "IPC", /^(none|private|shareable|host|container:.+)?$/],
  ["PidMode", "PID", /^(host|container:.+)?$/],
  ["UTSMode", "UTS", /^(host)?$/],
  ["UsernsMode", "USER", /^(host)?$/],
  ["CgroupnsMode", "cgroup namespace", /^(private|host)?$/],
] as const;

function checkNamespaceModes(config: HostConfig): void {
  for (const [field, name, valid] of NAMESPACE_MODES) {
    const mode = config[field] ?? "";
    if (!valid.test(mode)) throw invalidArgument(`invalid ${name} mode: ${mode}`);
  }
}

function checkMemory(config: Resources): void {
  const memory = config.Memory ?? 0;
  const swap = config.MemorySwap ?? 0;
  if (memory !== 0 && memory < MIN_MEMORY_BYTES) {
    throw invalidArgument("Minimum memory limit allowed is 6MB");
  }
  if (memory > 0 && swap > 0 && swap < memory) {
    throw invalidArgument("Minimum memoryswap limit should be larger than memory limit, see usage");
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

function checkCpu(config: Resources, { limits, cpus }: HostChoice): void {
  const nanoCpus = config.NanoCpus ?? 0;
  if (nanoCpus > 0 && (config.CpuPeriod ?? 0) > 0) {
    throw invalidArgument("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  }
  if (nanoCpus > 0 && (config.CpuQuota ?? 0) > 0) {
    throw invalidArgument("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  }
  if (nanoCpus > 0 && !limits.cpuQuota) {
    throw invalidArgument(
      "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted",
    );
  }
  if (nanoCpus < 0 || nanoCpus > cpus * 1e9) {
    throw invalidArgument(
      `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
    );
  }
  if ((config.CpuShares ?? 0) < 0) {
    throw invalidArgument(`invalid CPU shares (${config.CpuShares}): value must be a positive integer`);
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

function checkCpuset(config: Resources, { cpuset }: LimitSupport): void {
  if (!cpuset) return;
  checkList(config.CpusetCpus ?? "", cpuset.cpus, "cpus", "CPUs");
  checkList(config.CpusetMems ?? "", cpuset.mems, "mems", "memory nodes");
}

function checkList(requested: string, available: string, kind: "cpus" | "mems", what: string): void {
  let wanted: NumberList;
  try {
    wanted = parseNumberList(requested);
  } catch (error) {
    throw invalidArgument(`Invalid value ${requested} for cpuset ${kind}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!wanted.isSubsetOf(parseNumberList(available))) {
    throw invalidArgument(
      `Requested ${what} are not available - requested ${requested}, available: ${available}`,
    );
  }
}

function checkBlockIo(config: Resources): void {
  const weight = config.BlkioWeight ?? 0;
  if (weight > 0 && (weight < 10 || weight > 1000)) {
    throw invalidArgument("Range of blkio weight is from 10 to 1000");
  }
  if ((config.IOMaximumBandwidth ?? 0) !== 0) throw noQualityOfService("bandwidth");
  if ((config.IOMaximumIOps ?? 0) !== 0) throw noQualityOfService("IOPs");
}

function noQualityOfService(what: string): EngineError {
  return invalidArgument(`invalid option: QoS maximum ${what} configuration is not supported on linux`);
}

function checkRealtime(config: Resources, { cpuRealtime }: LimitSupport): void {
  const period = config.CpuRealtimePeriod ?? 0;
  const runtime = config.CpuRealtimeRuntime ?? 0;
  if ((period !== 0 || runtime !== 0) && !cpuRealtime) {
    throw invalidArgument("kernel does not support CPU real-time scheduler");
  }
  if (period !== 0 && runtime > period) {
    throw invalidArgument("cpu real-time runtime cannot be higher than cpu real-time period");
  }
}
