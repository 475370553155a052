import { describe, expect, test } from "bun:test";
import type { LimitSupport } from "../../../os/linux/cgroup/limit-support.ts";
import type { HostConfig } from "../../../spec/engine-api/mod.ts";
import { discardLimits } from "./discard-limits.ts";

const nothing: LimitSupport = {
  memory: false,
  swap: false,
  memoryReservation: false,
  memorySwappiness: false,
  oomKillDisable: false,
  cpuShares: false,
  cpuQuota: false,
  cpuRealtime: false,
  pids: false,
  blockIoWeight: false,
  blockIoWeightDevice: false,
  blockIoReadBps: false,
  blockIoWriteBps: false,
  blockIoReadIops: false,
  blockIoWriteIops: false,
  cpuset: undefined,
  namespaces: false,
};
const everything = Object.fromEntries(
  Object.keys(nothing).map((key) => [key, true]),
) as unknown as LimitSupport;
const device = [{ Path: "/dev/sda", Rate: 1 }];

describe("limits that the host cannot keep", () => {
  const cases: ReadonlyArray<readonly [asked: HostConfig, left: HostConfig, warning: string]> = [
    [{ Memory: 9 }, { Memory: 0, MemorySwap: -1 }, "memory limit capabilities"],
    [{ MemoryReservation: 9 }, { MemoryReservation: 0 }, "memory soft limit capabilities"],
    [{ MemorySwappiness: 0 }, { MemorySwappiness: null }, "memory swappiness capabilities"],
    [{ OomKillDisable: true }, { OomKillDisable: false }, "OomKillDisable. OomKillDisable discarded."],
    [{ PidsLimit: 5 }, { PidsLimit: null }, "PIDs limit capabilities"],
    [{ CpuShares: 5 }, { CpuShares: 0 }, "CPU shares"],
    [{ CpuQuota: 5 }, { CpuQuota: 0, CpuPeriod: 0 }, "CPU CFS scheduler. CPU period/quota discarded."],
    [{ CpusetMems: "0" }, { CpusetMems: "", CpusetCpus: "" }, "cpuset"],
    [{ BlkioWeight: 5 }, { BlkioWeight: 0 }, "Block I/O weight or"],
    [{ BlkioDeviceReadBps: device }, { BlkioDeviceReadBps: [] }, "BPS Block I/O read limit"],
    [{ BlkioDeviceWriteIOps: device }, { BlkioDeviceWriteIOps: [] }, "IOPS Block write limit"],
    [{ CgroupnsMode: "private" }, { CgroupnsMode: "host" }, "cgroup namespaces.  Cgroup"],
  ];
  test.each(cases)("%p", (asked, left, warning) => {
    const { hostConfig, warnings } = discardLimits(asked, nothing);
    expect(hostConfig).toEqual(left);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toStartWith(`Your kernel does not support ${warning}`);
    expect(discardLimits(asked, everything).hostConfig).toEqual(asked);
  });

  test("memory without swap", () => {
    const { hostConfig, warnings } = discardLimits(
      { Memory: 9, MemorySwap: 18 },
      { ...nothing, memory: true },
    );
    expect(hostConfig).toEqual({ Memory: 9, MemorySwap: -1 });
    expect(warnings).toEqual([
      "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
    ]);
  });

  test("what no kernel does any more", () => {
    expect(discardLimits({ KernelMemory: 9 }, everything).hostConfig).toEqual({ KernelMemory: 0 });
    expect(discardLimits({ CpuPercent: 9 }, everything).warnings).toEqual([
      "linux does not support CPU percent. Percent discarded.",
    ]);
  });
});
