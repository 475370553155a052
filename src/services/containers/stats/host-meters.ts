import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { type CgroupStats, openCgroup } from "../../../os/linux/cgroup/cgroup.ts";
import type { CgroupWorld } from "../../../os/linux/cgroup/cgroup-world.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";
import type { NetworkStats } from "../../../spec/engine-api/mod.ts";

/** Time that all processors of the host spent, and how many there are. */
export interface HostCpu {
  readonly totalNs: number;
  readonly online: number;
}

/** What a container's statistics are read from. */
export interface Meters {
  readonly hostMemoryBytes: number;
  /** The world that the host's control groups live in decides the form of what is told. */
  readonly isCgroupV2: boolean;
  hostCpu(): HostCpu;
  /** Undefined where the group is gone. */
  cgroup(path: string): CgroupStats | undefined;
  /** Counters of the interfaces that a process sees, loopback left out; empty where the process is gone. */
  interfaces(pid: number): Record<string, NetworkStats>;
}

const NS_PER_TICK = 10_000_000;

/** Reads this host's. `proc` is where proc(5) is mounted. */
export class HostMeters implements Meters {
  readonly hostMemoryBytes: number = totalmem();
  readonly #world: CgroupWorld;
  readonly #proc: string;

  constructor(world: CgroupWorld, proc = "/proc") {
    this.#world = world;
    this.#proc = proc;
  }

  get isCgroupV2(): boolean {
    return this.#world.mode === "v2";
  }

  hostCpu(): HostCpu {
    return parseHostCpu(readFileSync(join(this.#proc, "stat"), "utf8"));
  }

  cgroup(path: string): CgroupStats | undefined {
    const group = openCgroup(this.#world, path);
    return group.exists() ? group.stats() : undefined;
  }

  interfaces(pid: number): Record<string, NetworkStats> {
    try {
      return parseInterfaces(readFileSync(join(this.#proc, String(pid), "net/dev"), "utf8"));
    } catch (error) {
      // The process ended between its look-up and this one.
      if (isErrno(error, "ENOENT", "ESRCH", "EINVAL")) return {};
      throw error;
    }
  }
}

/** The first seven columns of the `cpu` line: guest time is part of user time. Source: proc_stat(5). */
export function parseHostCpu(text: string): HostCpu {
  const ticks = (/^cpu +(.*)$/m.exec(text)?.[1] ?? "").split(" ").slice(0, 7).map(Number);
  return {
    totalNs: ticks.reduce((sum, each) => sum + each, 0) * NS_PER_TICK,
    online: text.match(/^cpu\d+ /gm)?.length ?? 0,
  };
}

/** The rows of /proc/PID/net/dev. Source: proc_pid_net(5). */
export function parseInterfaces(text: string): Record<string, NetworkStats> {
  const interfaces: Record<string, NetworkStats> = {};
  for (const line of text.split("\n")) {
    const [, name = "", values = ""] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? [];
    if (name === "" || name === "lo") continue;
    const column = values.split(/\s+/).map(Number);
    interfaces[name] = {
      rx_bytes: column[0] ?? 0,
      rx_packets: column[1] ?? 0,
      rx_errors: column[2] ?? 0,
      rx_dropped: column[3] ?? 0,
      tx_bytes: column[8] ?? 0,
      tx_packets: column[9] ?? 0,
      tx_errors: column[10] ?? 0,
      tx_dropped: column[11] ?? 0,
    };
  }
  return interfaces;
}
