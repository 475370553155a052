import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseMountInfo } from "../mountinfo.ts";
import { CgroupV1 } from "./cgroup-v1.ts";
import { CgroupV2, weightOfShares } from "./cgroup-v2.ts";
import { detectCgroupWorld, parseControllers } from "./cgroup-world.ts";

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "gantry-cgroup-"));
});
afterEach(() => rmSync(base, { recursive: true }));

function lay(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(base, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
const content = (name: string) => readFileSync(join(base, name), "utf8");

test("the world is read from the mounts", () => {
  const V1 = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
  const NAMED =
    "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd\n";
  const V2 = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  const mode = (text: string) => detectCgroupWorld(parseMountInfo(text)).mode;
  expect(mode(V1)).toBe("v1");
  expect(mode(V1 + V2)).toBe("hybrid");
  expect(mode(NAMED + V2)).toBe("v2");
  expect(mode("")).toBe("none");
  const world = detectCgroupWorld(parseMountInfo(V1 + NAMED + V2));
  expect([...world.controllers]).toEqual([
    ["cpu", "/sys/fs/cgroup/cpu,cpuacct"],
    ["cpuacct", "/sys/fs/cgroup/cpu,cpuacct"],
    ["name=systemd", "/sys/fs/cgroup/systemd"],
  ]);
  expect(
    parseControllers("#subsys_name\thierarchy\tnum\tenabled\nhugetlb\t0\t1\t1\nmemory\t4\t9\t0\n"),
  ).toEqual([
    { name: "hugetlb", hierarchy: 0, enabled: true },
    { name: "memory", hierarchy: 4, enabled: false },
  ]);
});

test("v2 statistics", () => {
  lay({
    "g/memory.current": "4096\n",
    "g/memory.max": "max\n",
    "g/memory.events": "low 0\noom 2\noom_kill 1\n",
    "g/memory.stat": "anon 1024\nfile 2048\ninactive_file 512\n",
    "g/cpu.stat":
      "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 5\nnr_throttled 2\nthrottled_usec 7\n",
    "g/pids.current": "3\n",
    "g/pids.max": "10\n",
    "g/io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n253:1 rbytes=5\n",
    "g/cgroup.events": "populated 1\nfrozen 1\n",
  });
  const group = new CgroupV2(base, "g");
  const stats = group.stats();
  expect(stats.memory).toMatchObject({
    usageBytes: 4096,
    limitBytes: undefined,
    maxUsageBytes: undefined,
    failCount: 2,
  });
  expect(stats.memory.counters.get("inactive_file")).toBe(512);
  expect(stats.cpu).toEqual({
    totalNs: 30_000,
    userNs: 20_000,
    systemNs: 10_000,
    perCpuNs: undefined,
    periods: 5,
    throttledPeriods: 2,
    throttledNs: 7000,
  });
  expect(stats.pids).toEqual({ current: 3, limit: 10 });
  expect(stats.io).toEqual([
    { major: 8, minor: 0, readBytes: 1, writeBytes: 2, readOperations: 3, writeOperations: 4 },
    { major: 253, minor: 1, readBytes: 5, writeBytes: 0, readOperations: 0, writeOperations: 0 },
  ]);
  expect(group.isFrozen()).toBe(true);
});

test("v2 limits", () => {
  const files = [
    "memory.max",
    "memory.low",
    "memory.swap.max",
    "cpu.weight",
    "cpu.max",
    "pids.max",
    "io.weight",
  ];
  lay(Object.fromEntries(files.map((name) => [`g/${name}`, ""])));
  const group = new CgroupV2(base, "/g");
  group.setLimits({
    memoryBytes: 100,
    memorySwapBytes: 250,
    memoryReservationBytes: null,
    cpuShares: 262144,
    cpuQuotaUs: 50_000,
    pids: null,
    ioWeight: 20,
  });
  expect(files.map((name) => content(`g/${name}`))).toEqual([
    "100",
    "0",
    "150",
    "10000",
    "50000 100000",
    "max",
    "default 20",
  ]);
  group.setLimits({ cpuPeriodUs: 20_000 });
  expect(content("g/cpu.max")).toBe("50000 20000");
  expect(weightOfShares(2)).toBe(1);
  expect(() => group.setLimits({ cpusetCpus: "0" })).toThrow("ENOENT");
});

test("v1 statistics and limits", () => {
  lay({
    "memory/g/memory.usage_in_bytes": "100\n",
    "memory/g/memory.limit_in_bytes": "9223372036854771712\n",
    "memory/g/memory.memsw.usage_in_bytes": "130\n",
    "memory/g/memory.memsw.limit_in_bytes": "1000\n",
    "memory/g/memory.failcnt": "4\n",
    "cpu/g/cpu.stat": "nr_periods 5\nnr_throttled 2\nthrottled_time 7\n",
    "cpu/g/cpuacct.usage": "77\n",
    "cpu/g/cpuacct.usage_percpu": "33 44 \n",
    "cpu/g/cpuacct.stat": "user 2\nsystem 3\n",
    "blkio/g/blkio.throttle.io_service_bytes_recursive":
      "8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n",
    "blkio/g/blkio.throttle.io_serviced_recursive": "8:0 Read 1\n8:0 Write 2\n",
  });
  const mounts = ["memory", "cpu", "blkio"].map((name) => [name, join(base, name)] as [string, string]);
  const group = new CgroupV1(new Map([...mounts, ["cpuacct", join(base, "cpu")]]), "g");
  const stats = group.stats();
  expect(stats.memory).toMatchObject({ usageBytes: 100, limitBytes: undefined, swapBytes: 30, failCount: 4 });
  expect(stats.cpu).toEqual({
    totalNs: 77,
    userNs: 20_000_000,
    systemNs: 30_000_000,
    perCpuNs: [33, 44],
    periods: 5,
    throttledPeriods: 2,
    throttledNs: 7,
  });
  expect(stats.io).toEqual([
    { major: 8, minor: 0, readBytes: 10, writeBytes: 20, readOperations: 1, writeOperations: 2 },
  ]);
  group.setLimits({ memoryBytes: 2000, memorySwapBytes: 3000 });
  expect(content("memory/g/memory.limit_in_bytes")).toBe("2000");
  expect(content("memory/g/memory.memsw.limit_in_bytes")).toBe("3000");
});
