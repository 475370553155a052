import { constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { openEventFd, openFd } from "../fd.ts";
import type { Reactor } from "../reactor/reactor.ts";
import type { Cgroup, CgroupLimits, CgroupStats } from "./cgroup.ts";
import { parseBlkio, parseFlatKeyed, readControl, readNumber, writeControl } from "./cgroup-file.ts";
import { removeGroupTree } from "./cgroup-tree.ts";

/** The kernel shows "no limit" as the largest count of pages in bytes. */
const UNLIMITED_BYTES = 2 ** 62;
const NS_PER_TICK = 10_000_000;

function limitOf(bytes: number | undefined): number | undefined {
  return bytes === undefined || bytes >= UNLIMITED_BYTES ? undefined : bytes;
}

/**
 * A group with the same path in each v1 hierarchy. `controllers`: mount points by name.
 * Source: Documentation/admin-guide/cgroup-v1/.
 */
export class CgroupV1 implements Cgroup {
  readonly path: string;
  readonly #controllers: ReadonlyMap<string, string>;

  constructor(controllers: ReadonlyMap<string, string>, path: string) {
    this.path = join("/", path);
    this.#controllers = controllers;
  }

  create(): void {
    for (const root of new Set(this.#controllers.values()))
      mkdirSync(join(root, this.path), { recursive: true });
    const cpuset = this.#controllers.get("cpuset");
    if (cpuset !== undefined) this.#inheritCpuset(cpuset);
  }

  remove(): void {
    for (const directory of this.#directories()) removeGroupTree(directory);
  }

  exists(): boolean {
    return this.#directories().some((directory) => existsSync(directory));
  }

  addProcess(pid: number): void {
    for (const directory of this.#directories()) writeControl(join(directory, "cgroup.procs"), pid);
  }

  processes(): number[] {
    const pids = new Set<number>();
    for (const directory of this.#directories()) {
      for (const line of (readControl(join(directory, "cgroup.procs")) ?? "").split("\n")) {
        if (line !== "") pids.add(Number(line));
      }
    }
    return [...pids];
  }

  stats(): CgroupStats {
    const memsw = this.#number("memory", "memory.memsw.usage_in_bytes");
    const usageBytes = this.#number("memory", "memory.usage_in_bytes");
    const throttling = parseFlatKeyed(this.#read("cpu", "cpu.stat"));
    const times = parseFlatKeyed(this.#read("cpuacct", "cpuacct.stat"));
    return {
      memory: {
        usageBytes,
        limitBytes: limitOf(this.#number("memory", "memory.limit_in_bytes")),
        maxUsageBytes: this.#number("memory", "memory.max_usage_in_bytes"),
        swapBytes:
          memsw === undefined || usageBytes === undefined ? undefined : Math.max(0, memsw - usageBytes),
        failCount: this.#number("memory", "memory.failcnt"),
        counters: parseFlatKeyed(this.#read("memory", "memory.stat")),
      },
      cpu: {
        totalNs: this.#number("cpuacct", "cpuacct.usage"),
        userNs: this.#number("cpuacct", "cpuacct.usage_user") ?? ticks(times.get("user")),
        systemNs: this.#number("cpuacct", "cpuacct.usage_sys") ?? ticks(times.get("system")),
        perCpuNs: this.#read("cpuacct", "cpuacct.usage_percpu")?.split(" ").map(Number),
        periods: throttling.get("nr_periods") ?? 0,
        throttledPeriods: throttling.get("nr_throttled") ?? 0,
        throttledNs: throttling.get("throttled_time") ?? 0,
      },
      pids: { current: this.#number("pids", "pids.current"), limit: this.#number("pids", "pids.max") },
      io: parseBlkio(
        this.#read("blkio", "blkio.throttle.io_service_bytes_recursive"),
        this.#read("blkio", "blkio.throttle.io_serviced_recursive"),
      ),
    };
  }

  setLimits(limits: CgroupLimits): void {
    const write = (
      controller: string,
      file: string,
      value: number | string | null | undefined,
      none: number | string,
    ) => {
      if (value !== undefined) writeControl(this.#file(controller, file), value ?? none);
    };
    this.#setMemory(limits.memoryBytes, limits.memorySwapBytes);
    write("memory", "memory.soft_limit_in_bytes", limits.memoryReservationBytes, -1);
    write("cpu", "cpu.shares", limits.cpuShares, 1024);
    write("cpu", "cpu.cfs_period_us", limits.cpuPeriodUs, 100_000);
    write("cpu", "cpu.cfs_quota_us", limits.cpuQuotaUs, -1);
    write("cpuset", "cpuset.cpus", limits.cpusetCpus, "");
    write("cpuset", "cpuset.mems", limits.cpusetMems, "");
    write("pids", "pids.max", limits.pids, "max");
    if (limits.ioWeight !== undefined) this.#setIoWeight(limits.ioWeight);
  }

  freeze(): void {
    writeControl(this.#file("freezer", "freezer.state"), "FROZEN");
  }

  thaw(): void {
    writeControl(this.#file("freezer", "freezer.state"), "THAWED");
  }

  isFrozen(): boolean {
    return this.#read("freezer", "freezer.state") === "FROZEN";
  }

  watchOom(reactor: Reactor, onOom: () => void): AsyncDisposable {
    using event = openEventFd();
    using control = openFd(this.#file("memory", "memory.oom_control"), constants.O_RDONLY);
    writeControl(this.#file("memory", "cgroup.event_control"), `${event.fd} ${control.fd}`);
    const watch = reactor.watchBytes(
      event.fd,
      {
        data: (bytes) => {
          watch.consumed(bytes.byteLength);
          // The kernel signals once more when the group is removed, and then there is no group.
          if (this.exists()) onOom();
        },
        end: (error) => {
          throw error ?? new Error("an event counter cannot end");
        },
      },
      { keepAlive: false },
    );
    return watch;
  }

  #directories(): string[] {
    return [...new Set(this.#controllers.values())].map((root) => join(root, this.path));
  }

  #file(controller: string, name: string): string {
    return join(this.#controllers.get(controller) ?? `/sys/fs/cgroup/${controller}`, this.path, name);
  }

  #read(controller: string, name: string): string | undefined {
    return readControl(this.#file(controller, name));
  }

  #number(controller: string, name: string): number | undefined {
    return readNumber(this.#file(controller, name));
  }

  /** A new cpuset is empty and takes no process: each level takes over what the one above has. */
  #inheritCpuset(root: string): void {
    let parent = root;
    for (const component of this.path.split("/").filter((part) => part !== "")) {
      const directory = join(parent, component);
      for (const name of ["cpuset.cpus", "cpuset.mems"]) {
        const inherited = readControl(join(parent, name));
        if (inherited && readControl(join(directory, name)) === "")
          writeControl(join(directory, name), inherited);
      }
      parent = directory;
    }
  }

  /** The kernel keeps memory ≤ memory with swap at every moment, so growing and shrinking go in opposite orders. */
  #setMemory(memoryBytes: number | null | undefined, memorySwapBytes: number | null | undefined): void {
    const steps: Array<[string, number]> = [];
    if (memoryBytes !== undefined) steps.push(["memory.limit_in_bytes", memoryBytes ?? -1]);
    if (memorySwapBytes !== undefined) steps.push(["memory.memsw.limit_in_bytes", memorySwapBytes ?? -1]);
    const current =
      limitOf(this.#number("memory", "memory.memsw.limit_in_bytes")) ?? Number.POSITIVE_INFINITY;
    const target = memorySwapBytes === undefined ? current : (memorySwapBytes ?? Number.POSITIVE_INFINITY);
    if (target > current) steps.reverse();
    for (const [file, value] of steps) writeControl(this.#file("memory", file), value);
  }

  #setIoWeight(weight: number): void {
    const usual = this.#file("blkio", "blkio.weight");
    writeControl(existsSync(usual) ? usual : this.#file("blkio", "blkio.bfq.weight"), weight);
  }
}

function ticks(count: number | undefined): number | undefined {
  return count === undefined ? undefined : count * NS_PER_TICK;
}
