import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const GANTRYD = fileURLToPath(new URL("../../gantryd", import.meta.url));
const hasRealtime = existsSync("/sys/fs/cgroup/cpu/cpu.rt_runtime_us");

describe("what containers of an engine are like unless they say otherwise", () => {
  const directory = mkdtempSync(join(tmpdir(), "gantry-defaults-"));
  const config = join(directory, "daemon.json");
  const profile = join(directory, "seccomp.json");
  writeFileSync(
    profile,
    JSON.stringify({
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }],
    }),
  );
  writeFileSync(
    config,
    JSON.stringify({
      "default-ulimits": { nofile: { Name: "nofile", Soft: 77, Hard: 88 } },
      "default-shm-size": "2M",
      "default-ipc-mode": "shareable",
      "default-cgroupns-mode": "private",
      "no-new-privileges": true,
      "seccomp-profile": profile,
      ...(hasRealtime ? { "cpu-rt-runtime": 60_000 } : {}),
    }),
  );
  const harness = useEngine({ flags: ["--config-file", config] });
  afterAll(() => rmSync(directory, { recursive: true }));
  const read = async (flags: readonly string[], script: string) => {
    const { stdout, stderr } = await harness.docker([
      ...["run", "--rm", "--network", "none", ...flags],
      ...[TEST_IMAGE, "sh", "-c", script],
    ]);
    return stdout + stderr;
  };

  test("limits, shared memory and namespaces", async () => {
    const script =
      "ulimit -Sn; ulimit -Hn; df -k /dev/shm | awk 'END { print $2 }'; tail -1 /proc/self/cgroup";
    expect(await read([], script)).toMatch(/^77\n88\n2048\n\d+:.*:\/\n$/);
    expect(await read(["--ulimit", "nofile=50:60", "--shm-size", "1m"], script)).toStartWith(
      "50\n60\n1024\n",
    );
    const { stdout } = await harness.docker(["create", "--name", "inspected", TEST_IMAGE]);
    const format =
      "{{.HostConfig.IpcMode}} {{.HostConfig.CgroupnsMode}} {{.HostConfig.ShmSize}} {{.HostConfig.Ulimits}}";
    expect((await harness.docker(["inspect", "-f", format, stdout.trim()])).stdout).toBe(
      "shareable private 2097152 [nofile=77:88]\n",
    );
    await harness.docker(["rm", "inspected"]);
  });

  test("privileges and system calls", async () => {
    const script =
      "sed -n 's/^NoNewPrivs:.//p' /proc/self/status; mkdir /made; rmdir /made 2>/dev/null && echo made";
    expect(await read([], script)).toBe(
      "1\nmkdir: can't create directory '/made': Operation not supported\n",
    );
    const own = ["--security-opt", "no-new-privileges=false", "--security-opt", "seccomp=builtin"];
    expect(await read(own, script)).toBe("0\nmade\n");
    const { stdout } = await harness.docker(["info", "-f", "{{.SecurityOptions}}"]);
    expect(stdout).toContain(`name=seccomp,profile=${profile}`);
    expect(stdout).toContain("name=no-new-privileges");
  });

  test.skipIf(!hasRealtime)("a share for real-time processes", async () => {
    const script = "cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us";
    expect(await read(["--cpu-rt-runtime", "50000"], script)).toBe("50000\n");
    expect(await read(["--cpu-rt-runtime", "900000"], script)).toContain("cpu.rt_runtime_us");
    const flags = ["--cpu-rt-runtime", "9", "--cpu-rt-period", "5"];
    expect(await read(flags, script)).toContain(
      "cpu real-time runtime cannot be higher than cpu real-time period",
    );
  });

  test.each([
    [
      "--default-ipc-mode=host",
      'IPC mode "host" is not supported as default value; use "shareable" or "private"',
    ],
    ["--default-ipc-mode=x", 'default IPC mode setting (x) is invalid; use "shareable" or "private"'],
    ["--default-cgroupns-mode=x", 'invalid default cgroup namespace (x): use "host" or "private"'],
    ["--default-ulimit=x=1", "invalid ulimit type: x"],
  ])("%s is refused", async (flag, text) => {
    const { code, stderr } = await runCommand([GANTRYD, flag, "--config-file", "/dev/null"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(text);
  });
});
