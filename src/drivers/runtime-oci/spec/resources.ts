import { invalidArgument, isKind } from "../../../base/errors.ts";
import type { CgroupLimits } from "../../../os/linux/cgroup/cgroup.ts";
import type { Resources, ThrottleDevice } from "../../../spec/engine-api/mod.ts";
import type {
  BlockIoLimits,
  CpuLimits,
  LinuxDevice,
  LinuxResources,
  MemoryLimits,
} from "../../../spec/oci-runtime/mod.ts";

const CPU_PERIOD_US = 100_000;
const NANOS = 1_000_000_000;

type DeviceLookup = (path: string) => readonly LinuxDevice[];

/** The entries of `fields` that say something: zero and empty mean "as it is" in the API. */
function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined | null }): T {
  const kept = Object.entries(fields).filter(
    ([, value]) => value !== undefined && value !== null && value !== 0 && value !== "",
  );
  return Object.fromEntries(kept) as T;
}

function buildMemory(resources: Resources, swapLimit: boolean): MemoryLimits {
  const limit = resources.Memory ?? 0;
  // As much swap as memory where nothing was said, which is what docker documents.
  const swap = resources.MemorySwap || (limit > 0 ? 2 * limit : 0);
  return {
    ...present<MemoryLimits>({
      limit,
      reservation: resources.MemoryReservation,
      swap: swapLimit ? swap : 0,
      kernelTCP: resources.KernelMemoryTCP,
    }),
    ...(typeof resources.MemorySwappiness === "number" && resources.MemorySwappiness >= 0
      ? { swappiness: resources.MemorySwappiness }
      : {}),
    ...(resources.OomKillDisable ? { disableOOMKiller: true } : {}),
  };
}

function buildCpu(resources: Resources): CpuLimits {
  const nanoCpus = resources.NanoCpus ?? 0;
  if (nanoCpus > 0 && ((resources.CpuPeriod ?? 0) > 0 || (resources.CpuQuota ?? 0) > 0)) {
    throw invalidArgument("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  }
  return present<CpuLimits>({
    shares: resources.CpuShares,
    period: nanoCpus > 0 ? CPU_PERIOD_US : resources.CpuPeriod,
    quota: nanoCpus > 0 ? Math.floor((nanoCpus * CPU_PERIOD_US) / NANOS) : resources.CpuQuota,
    cpus: resources.CpusetCpus,
    mems: resources.CpusetMems,
    realtimePeriod: resources.CpuRealtimePeriod,
    realtimeRuntime: resources.CpuRealtimeRuntime,
  });
}

function deviceNumbers(path: string, devicesAt: DeviceLookup): { major: number; minor: number } {
  try {
    const [device] = devicesAt(path);
    return { major: device!.major!, minor: device!.minor! };
  } catch (error) {
    if (!isKind(error, "notFound")) throw error;
    throw invalidArgument(`stat ${path}: ${error.message}`, { cause: error });
  }
}

function throttle(devices: ThrottleDevice[] | null | undefined, devicesAt: DeviceLookup) {
  if (!devices?.length) return undefined;
  return devices.map((device) => ({ ...deviceNumbers(device.Path, devicesAt), rate: device.Rate }));
}

function buildBlockIo(resources: Resources, devicesAt: DeviceLookup): BlockIoLimits {
  const weights = resources.BlkioWeightDevice;
  return present<BlockIoLimits>({
    weight: resources.BlkioWeight,
    weightDevice: weights?.length
      ? weights.map((device) => ({ ...deviceNumbers(device.Path, devicesAt), weight: device.Weight }))
      : undefined,
    throttleReadBpsDevice: throttle(resources.BlkioDeviceReadBps, devicesAt),
    throttleWriteBpsDevice: throttle(resources.BlkioDeviceWriteBps, devicesAt),
    throttleReadIOPSDevice: throttle(resources.BlkioDeviceReadIOps, devicesAt),
    throttleWriteIOPSDevice: throttle(resources.BlkioDeviceWriteIOps, devicesAt),
  });
}

/**
 * The limits of a container's cgroup: what `docker run` and `docker update` ask for. `swapLimit`: whether the host can
 * limit swap at all. Errors: invalidArgument.
 */
export function buildResources(
  resources: Resources,
  swapLimit: boolean,
  devicesAt: DeviceLookup,
): LinuxResources {
  const pids = resources.PidsLimit;
  const parts = {
    memory: buildMemory(resources, swapLimit),
    cpu: buildCpu(resources),
    blockIO: buildBlockIo(resources, devicesAt),
  };
  return {
    ...Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0)),
    ...(typeof pids === "number" ? { pids: { limit: pids > 0 ? pids : -1 } } : {}),
  };
}

/** A copy without the numbers that stand for no limit; crun (1.8) cannot write them. */
export function withoutUnlimited(resources: LinuxResources): LinuxResources {
  const { cpuQuotaUs, pids } = unlimited(resources);
  const { quota: _quota, ...cpu } = resources.cpu ?? {};
  const { pids: _pids, ...rest } = resources;
  return { ...(pids === null ? rest : resources), ...(cpuQuotaUs === null ? { cpu } : {}) };
}

/** Limits that the resources take away. */
export function unlimited({ cpu, pids }: LinuxResources): CgroupLimits {
  return {
    ...((cpu?.quota ?? 0) < 0 ? { cpuQuotaUs: null } : {}),
    ...((pids?.limit ?? 0) < 0 ? { pids: null } : {}),
  };
}
