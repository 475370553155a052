import type { LimitSupport } from "../../../os/linux/cgroup/limit-support.ts";
import type { HostConfig } from "../../../spec/engine-api/mod.ts";

/** A limit that this host cannot keep: when it was asked for, what docker says, and what becomes of it. */
interface Discard {
  readonly asked: (config: HostConfig) => boolean;
  readonly supported: (support: LimitSupport) => boolean;
  /** Empty where nothing is lost by leaving it out. */
  readonly warning: string;
  readonly becomes: Partial<HostConfig>;
}

const positive = (value: number | null | undefined) => (value ?? 0) > 0;
const some = (list: readonly unknown[] | null | undefined) => (list ?? []).length > 0;
const never = () => false;

const NO_KERNEL = "Your kernel does not support";
const NOT_MOUNTED = "or the cgroup is not mounted.";

/** Source: docker 28's texts; a limit that comes to nothing is told of and left out. */
const DISCARDS: readonly Discard[] = [
  {
    asked: ({ Memory }) => positive(Memory),
    supported: ({ memory }) => memory,
    warning: `${NO_KERNEL} memory limit capabilities ${NOT_MOUNTED} Limitation discarded.`,
    becomes: { Memory: 0, MemorySwap: -1 },
  },
  {
    asked: ({ Memory, MemorySwap }) => positive(Memory) && MemorySwap !== -1,
    supported: ({ swap }) => swap,
    warning: `${NO_KERNEL} swap limit capabilities ${NOT_MOUNTED} Memory limited without swap.`,
    becomes: { MemorySwap: -1 },
  },
  {
    asked: ({ KernelMemory }) => positive(KernelMemory),
    supported: never,
    warning: `${NO_KERNEL} kernel memory limit capabilities ${NOT_MOUNTED} Limitation discarded.`,
    becomes: { KernelMemory: 0 },
  },
  {
    asked: ({ MemorySwappiness }) => typeof MemorySwappiness === "number",
    supported: ({ memorySwappiness }) => memorySwappiness,
    warning: `${NO_KERNEL} memory swappiness capabilities ${NOT_MOUNTED} Memory swappiness discarded.`,
    becomes: { MemorySwappiness: null },
  },
  {
    asked: ({ MemoryReservation }) => positive(MemoryReservation),
    supported: ({ memoryReservation }) => memoryReservation,
    warning: `${NO_KERNEL} memory soft limit capabilities ${NOT_MOUNTED} Limitation discarded.`,
    becomes: { MemoryReservation: 0 },
  },
  {
    asked: ({ OomKillDisable }) => OomKillDisable === true,
    supported: ({ oomKillDisable }) => oomKillDisable,
    warning: `${NO_KERNEL} OomKillDisable. OomKillDisable discarded.`,
    becomes: { OomKillDisable: false },
  },
  {
    asked: ({ OomKillDisable, Memory }) => OomKillDisable === true && !positive(Memory),
    supported: never,
    warning:
      "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.",
    becomes: {},
  },
  {
    asked: ({ PidsLimit }) => positive(PidsLimit),
    supported: ({ pids }) => pids,
    warning: `${NO_KERNEL} PIDs limit capabilities ${NOT_MOUNTED} PIDs limit discarded.`,
    becomes: { PidsLimit: null },
  },
  {
    asked: ({ CpuShares }) => positive(CpuShares),
    supported: ({ cpuShares }) => cpuShares,
    warning: `${NO_KERNEL} CPU shares ${NOT_MOUNTED} Shares discarded.`,
    becomes: { CpuShares: 0 },
  },
  {
    asked: ({ CpuPeriod, CpuQuota }) => (CpuPeriod ?? 0) !== 0 || (CpuQuota ?? 0) !== 0,
    supported: ({ cpuQuota }) => cpuQuota,
    warning: `${NO_KERNEL} CPU CFS scheduler. CPU period/quota discarded.`,
    becomes: { CpuPeriod: 0, CpuQuota: 0 },
  },
  {
    asked: ({ CpuPercent }) => positive(CpuPercent),
    supported: never,
    warning: "linux does not support CPU percent. Percent discarded.",
    becomes: { CpuPercent: 0 },
  },
  {
    asked: ({ CpusetCpus, CpusetMems }) => Boolean(CpusetCpus || CpusetMems),
    supported: ({ cpuset }) => cpuset !== undefined,
    warning: `${NO_KERNEL} cpuset ${NOT_MOUNTED} Cpuset discarded.`,
    becomes: { CpusetCpus: "", CpusetMems: "" },
  },
  {
    asked: ({ BlkioWeight }) => positive(BlkioWeight),
    supported: ({ blockIoWeight }) => blockIoWeight,
    warning: `${NO_KERNEL} Block I/O weight ${NOT_MOUNTED} Weight discarded.`,
    becomes: { BlkioWeight: 0 },
  },
  {
    asked: ({ BlkioWeightDevice }) => some(BlkioWeightDevice),
    supported: ({ blockIoWeightDevice }) => blockIoWeightDevice,
    warning: `${NO_KERNEL} Block I/O weight_device ${NOT_MOUNTED} Weight-device discarded.`,
    becomes: { BlkioWeightDevice: [] },
  },
  {
    asked: ({ BlkioDeviceReadBps }) => some(BlkioDeviceReadBps),
    supported: ({ blockIoReadBps }) => blockIoReadBps,
    warning: `${NO_KERNEL} BPS Block I/O read limit ${NOT_MOUNTED} Block I/O BPS read limit discarded.`,
    becomes: { BlkioDeviceReadBps: [] },
  },
  {
    asked: ({ BlkioDeviceWriteBps }) => some(BlkioDeviceWriteBps),
    supported: ({ blockIoWriteBps }) => blockIoWriteBps,
    warning: `${NO_KERNEL} BPS Block I/O write limit ${NOT_MOUNTED} Block I/O BPS write limit discarded.`,
    becomes: { BlkioDeviceWriteBps: [] },
  },
  {
    asked: ({ BlkioDeviceReadIOps }) => some(BlkioDeviceReadIOps),
    supported: ({ blockIoReadIops }) => blockIoReadIops,
    warning: `${NO_KERNEL} IOPS Block read limit ${NOT_MOUNTED} Block I/O IOPS read limit discarded.`,
    becomes: { BlkioDeviceReadIOps: [] },
  },
  {
    asked: ({ BlkioDeviceWriteIOps }) => some(BlkioDeviceWriteIOps),
    supported: ({ blockIoWriteIops }) => blockIoWriteIops,
    warning: `${NO_KERNEL} IOPS Block write limit ${NOT_MOUNTED} Block I/O IOPS write limit discarded.`,
    becomes: { BlkioDeviceWriteIOps: [] },
  },
  {
    asked: ({ CgroupnsMode }) => CgroupnsMode === "private",
    supported: ({ namespaces }) => namespaces,
    warning: `${NO_KERNEL} cgroup namespaces.  Cgroup namespace setting discarded.`,
    becomes: { CgroupnsMode: "host" },
  },
];

/** The configuration without what this host cannot keep, and what docker tells the user of each. */
export function discardLimits(
  requested: HostConfig,
  support: LimitSupport,
): { readonly hostConfig: HostConfig; readonly warnings: readonly string[] } {
  let hostConfig = requested;
  const warnings: string[] = [];
  for (const { asked, supported, warning, becomes } of DISCARDS) {
    if (!asked(hostConfig) || supported(support)) continue;
    hostConfig = { ...hostConfig, ...becomes };
    warnings.push(warning);
  }
  return { hostConfig, warnings };
}
