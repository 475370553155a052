import { formatRfc3339Nano, type Nanoseconds, ZERO_TIME } from "../../../base/time.ts";
import type { ContainerRecord } from "../../../core/containers/container-record.ts";
import type { CgroupStats } from "../../../os/linux/cgroup/cgroup.ts";
import type {
  BlkioStatEntry,
  BlkioStats,
  ContainerStatsResponse,
  CpuStats,
  MemoryStats,
  PidsStats,
} from "../../../spec/engine-api/mod.ts";
import type { HostCpu, Meters } from "./host-meters.ts";

function noCpu(): CpuStats {
  return {
    cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  };
}

function noBlkio(entries: () => BlkioStatEntry[] | null): BlkioStats {
  return {
    io_service_bytes_recursive: entries(),
    io_serviced_recursive: entries(),
    io_queue_recursive: entries(),
    io_service_time_recursive: entries(),
    io_wait_time_recursive: entries(),
    io_merged_recursive: entries(),
    io_time_recursive: entries(),
    sectors_recursive: entries(),
  };
}

/** The sample of a container without a process: its names and zeros. */
export function emptySample(record: ContainerRecord): ContainerStatsResponse {
  return {
    id: record.id,
    name: `/${record.name}`,
    os_type: "linux",
    read: ZERO_TIME,
    preread: ZERO_TIME,
    pids_stats: {},
    blkio_stats: noBlkio(() => null),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: noCpu(),
    precpu_stats: noCpu(),
    memory_stats: {},
  };
}

/** What a running container uses at the moment; `emptySample` where its control group is gone already. */
export function takeSample(
  meters: Meters,
  record: ContainerRecord,
  cgroupPath: string,
  now: Nanoseconds,
): ContainerStatsResponse {
  const stats = meters.cgroup(cgroupPath);
  const empty = emptySample(record);
  if (!stats) return empty;
  // The host's interfaces are not the container's.
  const ownNetwork = record.hostConfig.NetworkMode !== "host";
  return {
    ...empty,
    read: formatRfc3339Nano(now),
    pids_stats: pidsOf(stats),
    blkio_stats: meters.isCgroupV2 ? unifiedBlkio(stats) : legacyBlkio(stats),
    cpu_stats: cpuOf(stats, meters.hostCpu()),
    memory_stats: memoryOf(stats, meters),
    ...(ownNetwork ? { networks: meters.interfaces(record.state.pid) } : {}),
  };
}

/** `sample` with an earlier one of the same container to compare it with. */
export function withEarlier(
  sample: ContainerStatsResponse,
  earlier: ContainerStatsResponse | undefined,
): ContainerStatsResponse {
  if (!earlier) return sample;
  return { ...sample, precpu_stats: earlier.cpu_stats, preread: earlier.read };
}

function pidsOf({ pids }: CgroupStats): PidsStats {
  return {
    ...(pids.current === undefined ? {} : { current: pids.current }),
    ...(pids.limit === undefined ? {} : { limit: pids.limit }),
  };
}

function cpuOf({ cpu }: CgroupStats, host: HostCpu): CpuStats {
  return {
    cpu_usage: {
      total_usage: cpu.totalNs ?? 0,
      ...(cpu.perCpuNs ? { percpu_usage: [...cpu.perCpuNs] } : {}),
      usage_in_kernelmode: cpu.systemNs ?? 0,
      usage_in_usermode: cpu.userNs ?? 0,
    },
    system_cpu_usage: host.totalNs,
    online_cpus: host.online,
    throttling_data: {
      periods: cpu.periods,
      throttled_periods: cpu.throttledPeriods,
      throttled_time: cpu.throttledNs,
    },
  };
}

function memoryOf({ memory }: CgroupStats, { hostMemoryBytes }: Meters): MemoryStats {
  if (memory.usageBytes === undefined) return {};
  return {
    usage: memory.usageBytes,
    ...(memory.maxUsageBytes === undefined ? {} : { max_usage: memory.maxUsageBytes }),
    stats: Object.fromEntries(memory.counters),
    ...(memory.failCount ? { failcnt: memory.failCount } : {}),
    // Without a limit of its own, the machine's memory is the limit.
    limit: Math.min(memory.limitBytes ?? hostMemoryBytes, hostMemoryBytes),
  };
}

function unifiedBlkio({ io }: CgroupStats): BlkioStats {
  const bytes = io.flatMap(({ major, minor, readBytes, writeBytes }) => [
    { major, minor, op: "read", value: readBytes },
    { major, minor, op: "write", value: writeBytes },
  ]);
  return { ...noBlkio(() => null), io_service_bytes_recursive: bytes.length > 0 ? bytes : null };
}

function legacyBlkio({ io }: CgroupStats): BlkioStats {
  const rows = (read: "readBytes" | "readOperations", write: "writeBytes" | "writeOperations") =>
    io.flatMap((each) => [
      { major: each.major, minor: each.minor, op: "Read", value: each[read] },
      { major: each.major, minor: each.minor, op: "Write", value: each[write] },
    ]);
  return {
    ...noBlkio(() => []),
    io_service_bytes_recursive: rows("readBytes", "writeBytes"),
    io_serviced_recursive: rows("readOperations", "writeOperations"),
  };
}
