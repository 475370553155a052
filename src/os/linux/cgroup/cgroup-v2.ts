import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Reactor } from "../reactor/reactor.ts";
import { watchDirectory } from "../reactor/watch-directory.ts";
import { isErrno } from "../syscall-error.ts";
import type { Cgroup, CgroupLimits, CgroupStats } from "./cgroup.ts";
import { parseFlatKeyed, parseIoStat, readControl, readNumber, writeControl } from "./cgroup-file.ts";
import { removeGroupTree } from "./cgroup-tree.ts";

const NS_PER_US = 1000;
const DEFAULT_PERIOD_US = 100_000;

/**
 * The weight of v2 (1 to 10000) that stands for shares of v1 (2 to 262144), on the line that runtimes agree on.
 * Source: OCI runtime-spec, config-linux.md and crun.1, "CPU controller".
 */
export function weightOfShares(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262142);
}

/** A group of the unified hierarchy mounted at `root`. Source: Documentation/admin-guide/cgroup-v2.rst. */
export class CgroupV2 implements Cgroup {
  readonly path: string;
  readonly #root: string;
  readonly #directory: string;

  constructor(root: string, path: string) {
    this.path = join("/", path);
    this.#root = root;
    this.#directory = join(root, this.path);
  }

  create(): void {
    let directory = this.#root;
    for (const component of this.path.split("/").filter((part) => part !== "")) {
      this.#delegate(directory);
      directory = join(directory, component);
      mkdirSync(directory, { recursive: true });
    }
  }

  remove(): void {
    removeGroupTree(this.#directory);
  }

  exists(): boolean {
    return existsSync(this.#directory);
  }

  addProcess(pid: number): void {
    writeControl(this.#file("cgroup.procs"), pid);
  }

  processes(): number[] {
    return (readControl(this.#file("cgroup.procs")) ?? "").split("\n").filter(Boolean).map(Number);
  }

  stats(): CgroupStats {
    const cpu = parseFlatKeyed(readControl(this.#file("cpu.stat")));
    const timeOf = (key: string) => {
      const microseconds = cpu.get(key);
      return microseconds === undefined ? undefined : microseconds * NS_PER_US;
    };
    return {
      memory: {
        usageBytes: readNumber(this.#file("memory.current")),
        limitBytes: readNumber(this.#file("memory.max")),
        maxUsageBytes: readNumber(this.#file("memory.peak")),
        swapBytes: readNumber(this.#file("memory.swap.current")),
        failCount: parseFlatKeyed(readControl(this.#file("memory.events"))).get("oom"),
        counters: parseFlatKeyed(readControl(this.#file("memory.stat"))),
      },
      cpu: {
        totalNs: timeOf("usage_usec"),
        userNs: timeOf("user_usec"),
        systemNs: timeOf("system_usec"),
        perCpuNs: undefined,
        periods: cpu.get("nr_periods") ?? 0,
        throttledPeriods: cpu.get("nr_throttled") ?? 0,
        throttledNs: timeOf("throttled_usec") ?? 0,
      },
      pids: { current: readNumber(this.#file("pids.current")), limit: readNumber(this.#file("pids.max")) },
      io: parseIoStat(readControl(this.#file("io.stat"))),
    };
  }

  setLimits(limits: CgroupLimits): void {
    const write = (file: string, value: number | string | null | undefined) => {
      if (value !== undefined) writeControl(this.#file(file), value ?? "max");
    };
    write("memory.max", limits.memoryBytes);
    write("memory.low", limits.memoryReservationBytes === null ? 0 : limits.memoryReservationBytes);
    if (limits.memorySwapBytes !== undefined) write("memory.swap.max", this.#swapOnly(limits));
    if (limits.cpuShares !== undefined) write("cpu.weight", weightOfShares(limits.cpuShares));
    if (limits.cpuQuotaUs !== undefined || limits.cpuPeriodUs !== undefined)
      write("cpu.max", this.#cpuMax(limits));
    write("cpuset.cpus", limits.cpusetCpus);
    write("cpuset.mems", limits.cpusetMems);
    write("pids.max", limits.pids);
    if (limits.ioWeight !== undefined) write("io.weight", `default ${limits.ioWeight}`);
  }

  freeze(): void {
    writeControl(this.#file("cgroup.freeze"), 1);
  }

  thaw(): void {
    writeControl(this.#file("cgroup.freeze"), 0);
  }

  isFrozen(): boolean {
    return parseFlatKeyed(readControl(this.#file("cgroup.events"))).get("frozen") === 1;
  }

  watchOom(reactor: Reactor, onOom: () => void): AsyncDisposable {
    const file = this.#file("memory.events");
    const kills = () => parseFlatKeyed(readControl(file)).get("oom_kill") ?? 0;
    // Watch first, then look: a kill in between is seen as a change.
    let seen: number | undefined;
    const watch = watchDirectory(
      reactor,
      file,
      () => {
        const now = kills();
        if (seen !== undefined && now > seen) onOom();
        seen = Math.max(now, seen ?? 0);
      },
      { kinds: ["modify"], keepAlive: false },
    );
    seen = kills();
    return watch;
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  /** v2 counts swap by itself, Docker's and v1's limit counts memory with it. */
  #swapOnly(limits: CgroupLimits): number | null {
    if (limits.memorySwapBytes == null) return null;
    const memoryBytes = limits.memoryBytes ?? readNumber(this.#file("memory.max")) ?? limits.memorySwapBytes;
    return Math.max(0, limits.memorySwapBytes - memoryBytes);
  }

  #cpuMax(limits: CgroupLimits): string {
    const [quota = "max", period = String(DEFAULT_PERIOD_US)] = (
      readControl(this.#file("cpu.max")) ?? ""
    ).split(" ");
    const newQuota = limits.cpuQuotaUs === undefined ? quota || "max" : String(limits.cpuQuotaUs ?? "max");
    return `${newQuota} ${limits.cpuPeriodUs ?? period}`;
  }

  /** Hands all controllers of a group to its children, one by one: one that cannot be handed on must not stop others. */
  #delegate(directory: string): void {
    const available = (readControl(join(directory, "cgroup.controllers")) ?? "").split(" ").filter(Boolean);
    const enabled = new Set((readControl(join(directory, "cgroup.subtree_control")) ?? "").split(" "));
    for (const name of available) {
      if (enabled.has(name)) continue;
      try {
        writeControl(join(directory, "cgroup.subtree_control"), `+${name}`);
      } catch (error) {
        // A group with processes (EBUSY) or a threaded one (EOPNOTSUPP) keeps it; limits that need it then say so.
        if (!isErrno(error, "EBUSY", "EOPNOTSUPP", "ENOENT", "EINVAL")) throw error;
      }
    }
  }
}
