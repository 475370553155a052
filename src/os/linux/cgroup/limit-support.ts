import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CgroupWorld } from "./cgroup-world.ts";

/** Which limits the kernel and its mounts let a group have. */
export interface LimitSupport {
  readonly memory: boolean;
  readonly swap: boolean;
  readonly memoryReservation: boolean;
  readonly memorySwappiness: boolean;
  readonly oomKillDisable: boolean;
  readonly cpuShares: boolean;
  /** Quota and period of the completely fair scheduler. */
  readonly cpuQuota: boolean;
  readonly cpuRealtime: boolean;
  readonly pids: boolean;
  readonly blockIoWeight: boolean;
  readonly blockIoWeightDevice: boolean;
  readonly blockIoReadBps: boolean;
  readonly blockIoWriteBps: boolean;
  readonly blockIoReadIops: boolean;
  readonly blockIoWriteIops: boolean;
  /** Processors and memory nodes to choose from, as lists such as `0-3,7`; undefined where they cannot be chosen. */
  readonly cpuset: { readonly cpus: string; readonly mems: string } | undefined;
  readonly namespaces: boolean;
}

function readTrimmed(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // A file that the kernel does not offer says nothing.
    return "";
  }
}

const hasNamespaces = () => existsSync("/proc/self/ns/cgroup");

function readV1Support(controllers: ReadonlyMap<string, string>): LimitSupport {
  const has = (controller: string, file: string) => {
    const directory = controllers.get(controller);
    return directory !== undefined && existsSync(join(directory, file));
  };
  const cpuset = controllers.get("cpuset");
  return {
    memory: controllers.has("memory"),
    swap: has("memory", "memory.memsw.limit_in_bytes"),
    memoryReservation: has("memory", "memory.soft_limit_in_bytes"),
    memorySwappiness: has("memory", "memory.swappiness"),
    oomKillDisable: has("memory", "memory.oom_control"),
    cpuShares: has("cpu", "cpu.shares"),
    cpuQuota: has("cpu", "cpu.cfs_quota_us"),
    cpuRealtime: has("cpu", "cpu.rt_period_us"),
    pids: controllers.has("pids"),
    blockIoWeight: has("blkio", "blkio.weight"),
    blockIoWeightDevice: has("blkio", "blkio.weight_device"),
    blockIoReadBps: has("blkio", "blkio.throttle.read_bps_device"),
    blockIoWriteBps: has("blkio", "blkio.throttle.write_bps_device"),
    blockIoReadIops: has("blkio", "blkio.throttle.read_iops_device"),
    blockIoWriteIops: has("blkio", "blkio.throttle.write_iops_device"),
    cpuset:
      cpuset === undefined
        ? undefined
        : {
            cpus: readTrimmed(join(cpuset, "cpuset.cpus")),
            mems: readTrimmed(join(cpuset, "cpuset.mems")),
          },
    namespaces: hasNamespaces(),
  };
}

/** The root group has no limits of its own; a kernel that accounts swap shows that in every other one. */
function hasSwapLimitV2(unified: string): boolean {
  const own = /^0::(.*)$/m.exec(readTrimmed("/proc/self/cgroup"))?.[1] ?? "/";
  return existsSync(own === "/" ? "/proc/swaps" : join(unified, own, "memory.swap.max"));
}

function readV2Support(unified: string): LimitSupport {
  const controllers = new Set(readTrimmed(join(unified, "cgroup.controllers")).split(" "));
  const memory = controllers.has("memory");
  const cpu = controllers.has("cpu");
  const io = controllers.has("io");
  return {
    memory,
    swap: memory && hasSwapLimitV2(unified),
    memoryReservation: memory,
    memorySwappiness: false,
    oomKillDisable: false,
    cpuShares: cpu,
    cpuQuota: cpu,
    cpuRealtime: false,
    pids: controllers.has("pids"),
    blockIoWeight: io,
    blockIoWeightDevice: io,
    blockIoReadBps: io,
    blockIoWriteBps: io,
    blockIoReadIops: io,
    blockIoWriteIops: io,
    cpuset: controllers.has("cpuset")
      ? {
          cpus: readTrimmed(join(unified, "cpuset.cpus.effective")),
          mems: readTrimmed(join(unified, "cpuset.mems.effective")),
        }
      : undefined,
    namespaces: hasNamespaces(),
  };
}

/** To be read once, after the host's control groups were prepared. Source: kernel documentation, cgroup-v1 and cgroup-v2. */
export function readLimitSupport(world: CgroupWorld): LimitSupport {
  return world.mode === "v2" ? readV2Support(world.unified!) : readV1Support(world.controllers);
}
