import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const cgroupV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
const MIB = 1024 * 1024;

describe("limits that change while a container runs", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  const out = async (...args: string[]) => {
    const { stdout, stderr, code } = await harness.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${code}: ${stderr}`);
    return stdout.trim();
  };
  const start = (name: string, ...flags: string[]) =>
    out("run", "-d", "--name", name, "--network", "none", ...flags, TEST_IMAGE, "sleep", "1000");
  /** What the kernel says, by the kind of control groups of this host. */
  const kernel = (name: string, v1: string, v2: string) =>
    out("exec", name, "sh", "-c", `cd /sys/fs/cgroup && cat ${cgroupV2 ? v2 : v1}`);
  const memory = (name: string) => kernel(name, "memory/memory.limit_in_bytes", "memory.max");
  const pids = (name: string) => kernel(name, "pids/pids.max", "pids.max");
  const stored = (name: string, field: string) => out("inspect", "-f", `{{.HostConfig.${field}}}`, name);

  async function update(name: string, body: object, version = "1.55") {
    const outgoing = request({
      socketPath: harness.engine.socketPath,
      method: "POST",
      path: `/v${version}/containers/${name}/update`,
      headers: { "Content-Type": "application/json" },
    });
    outgoing.end(JSON.stringify(body));
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: response.statusCode, body: JSON.parse(await text(response)) };
  }

  test("memory, cpus, shares, cpuset and pids are in force at once and read back", async () => {
    await start("live", "-m", "64m", "--pids-limit", "50", "--cpus", "1");
    const flags = ["-m", "32m", "--pids-limit", "20", "--cpus", "0.5", "-c", "512", "--cpuset-cpus", "0"];
    expect(await out("update", ...flags, "live")).toBe("live");
    expect(await memory("live")).toBe(String(32 * MIB));
    expect(await pids("live")).toBe("20");
    const bandwidth = await kernel("live", "cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us", "cpu.max");
    expect(bandwidth.split(/\s/)).toEqual(["50000", "100000"]);
    if (!cgroupV2) expect(await kernel("live", "cpu/cpu.shares", "")).toBe("512");
    expect(await kernel("live", "cpuset/cpuset.cpus", "cpuset.cpus")).toBe("0");
    expect(await stored("live", "Memory")).toBe(String(32 * MIB));
    expect(await stored("live", "MemorySwap")).toBe(String(128 * MIB));
    expect(await stored("live", "NanoCpus")).toBe("500000000");
    await out("restart", "-t", "0", "live");
    expect(await memory("live")).toBe(String(32 * MIB));
    expect(await pids("live")).toBe("20");
  });

  test("a pids limit is taken away, and what is not named stays", async () => {
    await out("update", "--pids-limit", "-1", "live");
    expect(await pids("live")).toBe("max");
    expect(await stored("live", "PidsLimit")).toBe("0");
    expect(await memory("live")).toBe(String(32 * MIB));
    expect(await update("live", { PidsLimit: 9 }, "1.39")).toMatchObject({ status: 200 });
    expect(await pids("live")).toBe("max");
  });

  test("a restart policy alone changes no limit and holds from then on", async () => {
    await start("policy", "--pids-limit", "30");
    await out("update", "--restart", "on-failure:3", "policy");
    expect(await stored("policy", "RestartPolicy.Name")).toBe("on-failure");
    expect(await stored("policy", "RestartPolicy.MaximumRetryCount")).toBe("3");
    expect(await pids("policy")).toBe("30");
    await out("update", "--restart", "always", "policy");
    const events = request({
      socketPath: harness.engine.socketPath,
      path: `/events?filters=${encodeURIComponent('{"container":["policy"],"event":["start"]}')}`,
    });
    events.end();
    const [response] = (await once(events, "response")) as [IncomingMessage];
    process.kill(Number(await out("inspect", "-f", "{{.State.Pid}}", "policy")), "SIGKILL");
    const [event] = (await once(response, "data")) as [Buffer];
    expect(JSON.parse(String(event))).toMatchObject({ Action: "start" });
    events.destroy();
    await out("update", "--restart", "no", "policy");
    await out("rm", "-f", "policy");
  });

  test("what cannot go together is refused with docker's words and changes nothing", async () => {
    await start("strict", "-m", "16m", "--rm");
    const refusal = async (...flags: string[]) => (await docker("update", ...flags, "strict")).stderr;
    const id = await out("inspect", "-f", "{{.Id}}", "strict");
    expect(await refusal("-m", "64m")).toBe(
      `Error response from daemon: Cannot update container ${id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time\n`,
    );
    expect(await refusal("-m", "1m")).toBe(
      "Error response from daemon: Minimum memory limit allowed is 6MB\n",
    );
    expect(await refusal("--restart", "always")).toContain(
      "Restart policy cannot be updated because AutoRemove is enabled for the container",
    );
    expect(await refusal("--restart", "sometimes")).toContain(
      "invalid restart policy: unknown policy 'sometimes'",
    );
    expect(await memory("strict")).toBe(String(16 * MIB));
    await out("update", "-m", "64m", "--memory-swap", "64m", "strict");
    expect(await memory("strict")).toBe(String(64 * MIB));
    await out("update", "--cpu-quota", "40000", "strict");
    expect(await refusal("--cpus", "0.5")).toContain(
      "Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set",
    );
    await out("rm", "-f", "strict");
  });

  test("rates of a device come since 1.55, change and go", async () => {
    const [name] = readdirSync("/sys/block").filter((disk) => existsSync(`/dev/${disk}`));
    const Path = `/dev/${name}`;
    await start("rated");
    const rates = () => kernel("rated", "blkio/blkio.throttle.read_bps_device", "io.max");
    const before = await rates();
    expect((await update("rated", { BlkioDeviceReadBps: [{ Path, Rate: MIB }] }, "1.54")).status).toBe(200);
    expect(await rates()).toBe(before);
    expect(await update("rated", { BlkioDeviceReadBps: [{ Path, Rate: MIB }] })).toEqual({
      status: 200,
      body: { Warnings: null },
    });
    expect(await rates()).toContain(String(MIB));
    expect(await stored("rated", "BlkioDeviceReadBps")).not.toBe("[]");
    expect((await update("rated", { BlkioDeviceReadBps: [] })).status).toBe(200);
    expect(await rates()).not.toMatch(new RegExp(`\\b${MIB}\\b`));
    expect(await stored("rated", "BlkioDeviceReadBps")).toBe("[]");
    await out("rm", "-f", "rated");
  });
});
