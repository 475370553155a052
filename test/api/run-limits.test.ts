import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const DEFAULT_CAPABILITIES = 0xa80425fbn;
const CAP = { CHOWN: 0n, NET_ADMIN: 12n, NET_RAW: 13n, SYS_ADMIN: 21n, MKNOD: 27n };
const cgroupV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** The file of a limit inside the container, by the kind of control groups of this host. */
const limitFile = (v1: string, v2: string) => `/sys/fs/cgroup/${cgroupV2 ? v2 : v1}`;

describe("what a container may use", () => {
  const harness = useEngine();
  const run = (flags: readonly string[], ...command: string[]) =>
    harness.docker(["run", "--rm", "--network", "none", ...flags, TEST_IMAGE, ...command]);
  const output = async (flags: readonly string[], script: string) => {
    const { stdout, stderr, code } = await run(flags, "sh", "-c", script);
    if (code !== 0) throw new Error(`${code}: ${stderr}`);
    return stdout.trim();
  };
  const capabilities = async (...flags: string[]) =>
    BigInt(`0x${await output(flags, "sed -n 's/^CapEff:\\s*//p' /proc/self/status")}`);

  test("-m", async () => {
    const file = limitFile("memory/memory.limit_in_bytes", "memory.max");
    expect(await output(["-m", "64m"], `cat ${file}`)).toBe(String(64 * 1024 * 1024));
  });

  test("a program beyond -m is killed, and inspect says why", async () => {
    const { docker } = harness;
    const flags = ["--name", "hungry", "--network", "none", "-m", "16m", "--memory-swap", "16m"];
    const { code } = await docker(["run", ...flags, TEST_IMAGE, "sh", "-c", "tail /dev/zero; exit $?"]);
    expect(code).toBe(137);
    expect((await docker(["inspect", "-f", "{{.State.OOMKilled}}", "hungry"])).stdout).toBe("true\n");
    await docker(["rm", "hungry"]);
  });

  test("--cpus", async () => {
    const read = cgroupV2
      ? "cat /sys/fs/cgroup/cpu.max"
      : "echo $(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us)";
    expect(await output(["--cpus", "0.5"], read)).toBe("50000 100000");
  });

  test("--cpu-shares and --cpuset-cpus", async () => {
    expect(await output(["--cpuset-cpus", "0"], "grep Cpus_allowed_list /proc/self/status")).toBe(
      "Cpus_allowed_list:\t0",
    );
    if (!cgroupV2)
      expect(await output(["--cpu-shares", "512"], "cat /sys/fs/cgroup/cpu/cpu.shares")).toBe("512");
  });

  test("--pids-limit", async () => {
    const file = limitFile("pids/pids.max", "pids.max");
    expect(await output(["--pids-limit", "17"], `cat ${file}`)).toBe("17");
    const { code, stderr } = await run(
      ["--pids-limit", "4"],
      "sh",
      "-c",
      "sleep 9 & sleep 9 & sleep 9 & sleep 9 & wait",
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain("can't fork");
  });

  test("--read-only, with the places that stay writable", async () => {
    const { code, stderr } = await run(["--read-only"], "touch", "/x");
    expect([code, stderr]).toEqual([1, "touch: /x: Read-only file system\n"]);
    const flags = ["--read-only", "--tmpfs", "/tmp", "-v", "/data"];
    expect(await output(flags, "touch /tmp/a /data/b /dev/shm/c && echo ok")).toBe("ok");
  });

  test("--tmpfs with options", async () => {
    const mount = await output(
      ["--tmpfs", "/t:size=64k,mode=700"],
      "grep ' /t ' /proc/mounts; stat -c %a /t",
    );
    expect(mount).toContain("size=64k");
    expect(mount).toContain("noexec");
    expect(mount).toEndWith("\n700");
  });

  test("--shm-size", async () => {
    expect(await output(["--shm-size", "1m"], "df -k /dev/shm | tail -1 | awk '{print $2}'")).toBe("1024");
  });

  test("capabilities by default", async () => {
    expect(await capabilities()).toBe(DEFAULT_CAPABILITIES);
  });

  test("--cap-drop and --cap-add", async () => {
    expect(await capabilities("--cap-drop", "ALL")).toBe(0n);
    expect(await capabilities("--cap-drop", "ALL", "--cap-add", "CHOWN")).toBe(1n << CAP.CHOWN);
    expect(await capabilities("--cap-add", "net_admin")).toBe(DEFAULT_CAPABILITIES | (1n << CAP.NET_ADMIN));
    expect(await capabilities("--cap-drop", "CAP_MKNOD")).toBe(DEFAULT_CAPABILITIES & ~(1n << CAP.MKNOD));
    const all = await capabilities("--cap-add", "ALL");
    expect((all >> CAP.SYS_ADMIN) & 1n).toBe(1n);
  });

  test("a user that is not root has none in effect", async () => {
    expect(await capabilities("-u", "33")).toBe(0n);
  });

  test("what a capability allows", async () => {
    expect((await run([], "chown", "33", "/tmp")).code).toBe(0);
    const { code, stderr } = await run(["--cap-drop", "CHOWN"], "chown", "33", "/tmp");
    expect([code, stderr]).toEqual([1, "chown: /tmp: Operation not permitted\n"]);
    expect((await run([], "mount", "-t", "tmpfs", "none", "/mnt")).code).not.toBe(0);
  });

  test("--privileged", async () => {
    expect(((await capabilities("--privileged")) >> CAP.SYS_ADMIN) & 1n).toBe(1n);
    expect(await output(["--privileged"], "mkdir /m; mount -t tmpfs none /m && echo mounted")).toBe(
      "mounted",
    );
    expect(await output(["--privileged"], "grep -c ' /sys sysfs ro' /proc/mounts || true")).toBe("0");
    expect(await output(["--privileged"], "sed -n 's/^Seccomp:\\s*//p' /proc/self/status")).toBe("0");
  });

  test("seccomp filters by default and not where told so", async () => {
    const read = "sed -n 's/^Seccomp:\\s*//p' /proc/self/status";
    expect(await output([], read)).toBe("2");
    expect(await output(["--security-opt", "seccomp=unconfined"], read)).toBe("0");
  });

  test("no-new-privileges", async () => {
    const read = "sed -n 's/^NoNewPrivs:\\s*//p' /proc/self/status";
    expect(await output([], read)).toBe("0");
    expect(await output(["--security-opt", "no-new-privileges"], read)).toBe("1");
  });

  test("kernel files are masked or read-only", async () => {
    expect(await output([], "cat /proc/kcore | wc -c; cat /proc/keys | wc -c")).toBe("0\n0");
    expect((await run([], "sh", "-c", "echo 1 > /proc/sys/vm/drop_caches")).stderr).toContain(
      "Read-only file system",
    );
    expect(await output([], "grep -c ' /sys sysfs ro' /proc/mounts")).toBe("1");
  });

  test("devices: the usual ones, and those that were asked for", async () => {
    expect(await output([], "cd /dev; echo $(ls -d full null random tty urandom zero ptmx)")).toBe(
      "full null ptmx random tty urandom zero",
    );
    const flags = ["--device", "/dev/null:/dev/other:r"];
    expect(await output(flags, "test -c /dev/other && wc -c < /dev/other")).toBe("0");
  });

  test("--ulimit and --sysctl", async () => {
    expect(await output(["--ulimit", "nofile=64:128"], "ulimit -n; ulimit -Hn")).toBe("64\n128");
    expect(await output(["--sysctl", "net.ipv4.ip_forward=0"], "cat /proc/sys/net/ipv4/ip_forward")).toBe(
      "0",
    );
  });

  test("--oom-score-adj", async () => {
    expect(await output(["--oom-score-adj", "321"], "cat /proc/self/oom_score_adj")).toBe("321");
  });

  test("namespaces of its own, or another's", async () => {
    const { docker } = harness;
    expect(await output([], "ps -o pid | wc -l")).toBe("4");
    await docker(["run", "-d", "--name", "host-of-pids", "--network", "none", TEST_IMAGE, "sleep", "1234"]);
    expect(await output(["--pid", "container:host-of-pids"], "cat /proc/1/cmdline | tr '\\0' ' '")).toBe(
      "sleep 1234",
    );
    expect(await output(["--uts", "host"], "hostname")).toBe((await Bun.$`hostname`.text()).trim());
    await docker(["rm", "-f", "host-of-pids"]);
  });
});
