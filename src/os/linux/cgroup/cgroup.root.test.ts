import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Reactor } from "../reactor/reactor.ts";
import { run, spawn } from "../spawn.ts";
import { type Cgroup, openCgroup } from "./cgroup.ts";
import { detectCgroupWorld } from "./cgroup-world.ts";

const world = detectCgroupWorld();
let group: Cgroup;
let reactor: Reactor;
beforeAll(() => {
  reactor = Reactor.start();
  group = openCgroup(world, `/gantry-test-${process.pid}/inner`);
  group.create();
  group.create();
});
afterAll(async () => {
  openCgroup(world, `/gantry-test-${process.pid}`).remove();
  group.remove();
  expect(group.exists()).toBe(false);
  await reactor.stop();
});

test("a process is added, counted, frozen and thawed", async () => {
  const child = await spawn({ command: "sleep", args: ["60"] });
  group.addProcess(child.pid);
  expect(group.processes()).toEqual([child.pid]);
  expect(group.stats().pids.current).toBe(1);
  expect(() => group.remove()).toThrow("EBUSY");
  group.freeze();
  while (!group.isFrozen()) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGKILL");
  group.thaw();
  expect((await child.exited).signal).toBe("SIGKILL");
});

test("limits are in force and lifted", () => {
  group.setLimits({
    memoryBytes: 64 << 20,
    pids: 7,
    cpuQuotaUs: 50_000,
    cpuPeriodUs: 100_000,
    cpuShares: 512,
  });
  expect(group.stats().memory.limitBytes).toBe(64 << 20);
  expect(group.stats().pids.limit).toBe(7);
  group.setLimits({ memoryBytes: null, pids: null });
  expect(group.stats().memory.limitBytes).toBeUndefined();
  expect(group.stats().pids.limit).toBeUndefined();
});

test("a kill for want of memory is reported", async () => {
  group.setLimits({ memoryBytes: 8 << 20 });
  const { promise, resolve } = Promise.withResolvers<void>();
  await using _watch = group.watchOom(reactor, resolve);
  const child = await spawn({
    command: "/bin/sh",
    args: ["-c", "read go; exec head -c 200000000 /dev/zero | tail -c 100000000"],
    stdin: "pipe",
  });
  group.addProcess(child.pid);
  child.stdin!.end("go\n");
  await promise;
  child.kill("SIGKILL");
  await child.exited;
  group.setLimits({ memoryBytes: null });
});

test("a host is prepared once and then left alone", async () => {
  // In a mount namespace of its own: hierarchies that nobody else uses vanish with it.
  const script = `
    const { prepareHost } = await import(${JSON.stringify(join(import.meta.dir, "prepare-host.ts"))});
    const first = await prepareHost();
    const second = await prepareHost();
    console.log(JSON.stringify({ mode: second.world.mode, again: second.mounted, refused: [...first.refused.keys()],
      controllers: [...second.world.controllers.keys()] }));
  `;
  const exit = await run({
    command: "unshare",
    args: ["--mount", process.execPath, "-e", script],
    stdout: "collect",
  });
  expect(exit.stderr.toString()).toBe("");
  const result = JSON.parse(exit.stdout.toString());
  expect(result.again).toEqual([]);
  if (result.mode !== "v2" && !result.refused.includes("hugetlb"))
    expect(result.controllers).toContain("hugetlb");
});
