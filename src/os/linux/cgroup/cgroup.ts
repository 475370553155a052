import type { Reactor } from "../reactor/reactor.ts";
import type { BlockIo } from "./cgroup-file.ts";
import { CgroupV1 } from "./cgroup-v1.ts";
import { CgroupV2 } from "./cgroup-v2.ts";
import type { CgroupWorld } from "./cgroup-world.ts";

/** What a group uses and may use. A field is undefined where the controller is missing; a limit also where there is none. */
export interface CgroupStats {
  readonly memory: {
    readonly usageBytes: number | undefined;
    readonly limitBytes: number | undefined;
    readonly maxUsageBytes: number | undefined;
    readonly swapBytes: number | undefined;
    readonly failCount: number | undefined;
    /** The kernel's own counters (`memory.stat`) under its own names. */
    readonly counters: ReadonlyMap<string, number>;
  };
  readonly cpu: {
    readonly totalNs: number | undefined;
    readonly userNs: number | undefined;
    readonly systemNs: number | undefined;
    /** Time of each processor; v1 only. */
    readonly perCpuNs: readonly number[] | undefined;
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledNs: number;
  };
  readonly pids: { readonly current: number | undefined; readonly limit: number | undefined };
  readonly io: readonly BlockIo[];
}

/** New limits; what is left out stays. `null` lifts a limit. */
export interface CgroupLimits {
  readonly memoryBytes?: number | null;
  /** Memory and swap together; at least `memoryBytes`. */
  readonly memorySwapBytes?: number | null;
  readonly memoryReservationBytes?: number | null;
  /** Share of the processors under contention, 2 to 262144; 1024 is usual. */
  readonly cpuShares?: number;
  readonly cpuQuotaUs?: number | null;
  readonly cpuPeriodUs?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pids?: number | null;
  /** Share of the disks under contention, 10 to 1000. */
  readonly ioWeight?: number;
}

/** One control group, whichever of the two worlds it lives in. */
export interface Cgroup {
  /** Path below the hierarchies' roots, starting with a slash. */
  readonly path: string;
  /** The group exists in every hierarchy. Idempotent. Errors: the runtime's. */
  create(): void;
  /** The group and those below it are gone. Idempotent. Errors: EBUSY while processes are inside. */
  remove(): void;
  exists(): boolean;
  addProcess(pid: number): void;
  /** Processes of this group, not of those below. */
  processes(): number[];
  stats(): CgroupStats;
  /** Errors: the runtime's: ENOENT for a missing controller, EINVAL, EBUSY for a limit below what is in use. */
  setLimits(limits: CgroupLimits): void;
  /** Asks the kernel to stop or continue every process in the group and below. */
  freeze(): void;
  thaw(): void;
  isFrozen(): boolean;
  /**
   * Calls `onOom` when the kernel has killed for want of memory in this group, until disposed. Ends by itself,
   * without a call, when the group is removed.
   */
  watchOom(reactor: Reactor, onOom: () => void): AsyncDisposable;
}

/** The group at `path` of this host. Making the object makes nothing on the host. */
export function openCgroup(world: CgroupWorld, path: string): Cgroup {
  if (world.mode === "v2") return new CgroupV2(world.unified!, path);
  return new CgroupV1(world.controllers, path);
}
