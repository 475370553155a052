import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { runOrThrow } from "../fixtures/run-command.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const cgroupV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
const GROUP = "/sys/fs/cgroup";
const swap = existsSync(`${GROUP}/memory/memory.memsw.limit_in_bytes`);
const MIB = 1024 * 1024;

/** Flags, what a container reads of itself, and what that is. */
type Effect = readonly [flags: string[], script: string, output: string | RegExp];

/** Flags, and the words with which the engine refuses them. */
type Refusal = readonly [flags: string[], text: string];

const cgroupV1Effects: Effect[] = [
  [
    ["-m", "64m", "--memory-reservation", "32m"],
    `cat ${GROUP}/memory/memory.soft_limit_in_bytes`,
    `${32 * MIB}`,
  ],
  [["--memory-swappiness", "7"], `cat ${GROUP}/memory/memory.swappiness`, "7"],
  [["-m", "64m", "--oom-kill-disable"], `head -1 ${GROUP}/memory/memory.oom_control`, "oom_kill_disable 1"],
  [["--cpu-shares", "100"], `cat ${GROUP}/cpu/cpu.shares`, "100"],
  [
    ["--cpu-period", "50000", "--cpu-quota", "25000"],
    `cat ${GROUP}/cpu/cpu.cfs_period_us ${GROUP}/cpu/cpu.cfs_quota_us`,
    "50000\n25000",
  ],
  [
    ["--cpuset-cpus", "0", "--cpuset-mems", "0"],
    `cat ${GROUP}/cpuset/cpuset.cpus ${GROUP}/cpuset/cpuset.mems`,
    "0\n0",
  ],
  [
    ["--device-cgroup-rule", "c 10:200 rw"],
    `grep -x 'c 10:200 rw' ${GROUP}/devices/devices.list`,
    "c 10:200 rw",
  ],
  [
    ["--device", "/dev/null:/dev/own:r"],
    `grep -c 'c 1:3' ${GROUP}/devices/devices.list; ls /dev/own`,
    /\/dev\/own$/,
  ],
  [["--cgroupns", "private"], "sed -n 's/^.*:memory://p' /proc/self/cgroup", "/"],
  [["--cgroupns", "host"], "sed -n 's/^.*:memory://p' /proc/self/cgroup", /^\/docker-\w+\/[0-9a-f]{64}$/],
  [["--security-opt", "writable-cgroups=true"], `mkdir ${GROUP}/memory/own && echo made`, "made"],
];
const swapEffects: Effect[] = [
  [["-m", "64m"], `cat ${GROUP}/memory/memory.memsw.limit_in_bytes`, `${128 * MIB}`],
  [["-m", "64m", "--memory-swap", "96m"], `cat ${GROUP}/memory/memory.memsw.limit_in_bytes`, `${96 * MIB}`],
  [
    ["-m", "64m", "--memory-swap", "-1"],
    `cat ${GROUP}/memory/memory.memsw.limit_in_bytes`,
    /^9223372036854\d+$/,
  ],
];
const effects: Effect[] = [
  [["--ulimit", "nofile=100:200"], "ulimit -Sn; ulimit -Hn", "100\n200"],
  [["--ulimit", "core=0"], "ulimit -c", "0"],
  [["--ipc", "private", "--shm-size", "2m"], "df -k /dev/shm | awk 'END { print $2 }'", "2048"],
  [["--ipc", "none"], "test -e /dev/shm || echo none", "none"],
  [["--uts", "host"], "readlink /proc/self/ns/uts", /^uts:/],
  [
    ["--hostname", "named", "--domainname", "example.org"],
    "hostname; cat /proc/sys/kernel/domainname",
    "named\nexample.org",
  ],
  [["--read-only"], "touch /x 2>/dev/null || echo no", "no"],
  [
    ["--tmpfs", "/t:size=1m,mode=1770,uid=5"],
    "stat -c '%a %u' /t; grep -c ' /t .*noexec.*size=1024k' /proc/mounts",
    "1770 5\n1",
  ],
  [["--sysctl", "kernel.shmmax=4096"], "cat /proc/sys/kernel/shmmax", "4096"],
  [["--sysctl", "fs.mqueue.msg_max=20"], "cat /proc/sys/fs/mqueue/msg_max", "20"],
  [["--group-add", "adm", "--group-add", "77"], "id -G", "0 4 77"],
  [
    ["--cap-drop", "ALL", "--cap-add", "CHOWN"],
    "sed -n 's/^CapEff:.//p' /proc/self/status",
    "0000000000000001",
  ],
  [["--security-opt", "no-new-privileges"], "sed -n 's/^NoNewPrivs:.//p' /proc/self/status", "1"],
  [["--security-opt", "systempaths=unconfined"], "grep -c ' /proc/' /proc/mounts || true", "0"],
  [
    ["--privileged"],
    "grep -c '^sysfs /sys sysfs rw' /proc/mounts; ls /dev | wc -l | xargs test 20 -lt && echo all",
    "1\nall",
  ],
  [["--oom-score-adj", "250"], "cat /proc/self/oom_score_adj", "250"],
  [["--pids-limit", "-1"], `cat ${GROUP}/pids/pids.max ${GROUP}/pids.max 2>/dev/null`, "max"],
  [["--userns", "host"], "awk '{ print $1, $2, $3 }' /proc/self/uid_map", "0 0 4294967295"],
  [["--runtime", "crun", "--annotation", "a=b"], "echo run", "run"],
  [
    ["--dns", "192.0.2.1", "--dns-search", "x.test", "--dns-option", "ndots:3"],
    "grep -v '^#' /etc/resolv.conf",
    "nameserver 192.0.2.1\nsearch x.test\noptions ndots:3",
  ],
  [
    ["--add-host", "a:192.0.2.7", "--add-host", "b=[::2]"],
    "grep -e a$ -e b$ /etc/hosts",
    "192.0.2.7\ta\n::2\tb",
  ],
];

const refusals: Refusal[] = [
  [["-m", "5m"], "Minimum memory limit allowed is 6MB"],
  [
    ["-m", "64m", "--memory-reservation", "128m"],
    "Minimum memory limit can not be less than memory reservation limit, see usage",
  ],
  [
    ["-m", "64m", "--memory-swap", "32m"],
    "Minimum memoryswap limit should be larger than memory limit, see usage",
  ],
  [["--memory-swap", "32m"], "You should always set the Memory limit when using Memoryswap limit, see usage"],
  [
    ["--cpu-period", "10"],
    "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
  ],
  [["--cpu-quota", "10"], "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
  [["--cpus", "1", "--cpu-quota", "5000"], "Conflicting options: Nano CPUs and CPU Quota cannot both be set"],
  [["--cpu-shares=-1"], "invalid CPU shares (-1): value must be a positive integer"],
  [["--cpuset-cpus", "4000"], "Requested CPUs are not available - requested 4000, available: 0"],
  [["--cpuset-cpus", "x"], "Invalid value x for cpuset cpus: invalid format: x"],
  [
    ["--cpuset-cpus", "0-9223372036854775807"],
    "Invalid value 0-9223372036854775807 for cpuset cpus: value of out range, maximum is 8192",
  ],
  [["--cpuset-mems", "99"], "Requested memory nodes are not available - requested 99, available: 0"],
  [["--device-read-bps", "/dev/nope:1mb"], "stat /dev/nope: no such file or directory"],
  [
    ["--device", "/etc"],
    'error gathering device information while adding custom device "/etc": not a device node',
  ],
  [["--oom-score-adj", "1001"], "Invalid value 1001, range for oom score adj is [-1000, 1000]"],
  [["--ipc", "foo"], "invalid IPC mode: foo"],
  [["--ipc", "container:nope"], "No such container: nope"],
  [["--pid", "container:nope"], "No such container: nope"],
  [["--network", "container:nope"], "joining network namespace of container: No such container: nope"],
  [["--network", "container:x", "--hostname", "y"], "conflicting options: hostname and the network mode"],
  [["--network", "container:x", "--dns", "192.0.2.1"], "conflicting options: dns and the network mode"],
  [
    ["--network", "container:x", "--add-host", "a:192.0.2.1"],
    "conflicting options: custom host-to-IP mapping and the network mode",
  ],
  [
    ["--network", "container:x", "-p", "80"],
    "conflicting options: port publishing and the container type network mode",
  ],
  [
    ["--network", "container:x", "--expose", "80"],
    "conflicting options: port exposing and the container type network mode",
  ],
  [["--uts", "host", "--hostname", "y"], "conflicting options: hostname and the UTS mode"],
  [["--isolation", "hyperv"], "invalid isolation (hyperv): linux only supports 'default'"],
  [["--hostname", "h".repeat(65)], `hostname "${"h".repeat(65)}" is too long (maximum 64 bytes)`],
  [["--security-opt", "foo=bar"], 'invalid --security-opt 2: "foo=bar"'],
  [["--security-opt", "no-new-privileges=maybe"], 'invalid --security-opt 2: "no-new-privileges=maybe"'],
  [["--cap-drop", "NOPE"], 'invalid CapDrop: unknown capability: "CAP_NOPE"'],
  [["--sysctl", "net.nope=1"], "open /proc/sys/net/nope: no such file or directory"],
  [
    ["--ipc", "host", "--sysctl", "kernel.shmmax=1"],
    'sysctl "kernel.shmmax" is not allowed in the hosts ipc namespace',
  ],
  [["--group-add", "nope"], "unable to find group nope: no matching entries in group file"],
  [["--stop-signal", "NOPE"], "invalid signal: NOPE"],
  [["--gpus", "all"], 'could not select device driver "" with capabilities: [[gpu]]'],
];

describe("flags of run", () => {
  const harness = useEngine();
  const run = (flags: readonly string[], ...command: string[]) => {
    const network = flags.some((flag) => flag.startsWith("--network")) ? [] : ["--network", "none"];
    return harness.docker(["run", "--rm", ...network, ...flags, TEST_IMAGE, ...command]);
  };

  test.each([...effects, ...(cgroupV2 ? [] : cgroupV1Effects), ...(swap ? swapEffects : [])])(
    "%p has its effect",
    async (flags, script, output) => {
      const { stdout, stderr } = await run(flags, "sh", "-c", script);
      if (typeof output === "string") expect([stdout.trim(), stderr]).toEqual([output, ""]);
      else expect(stdout.trim()).toMatch(output);
    },
  );

  test.each(refusals)("%p is refused", async (flags, text) => {
    const { stderr, code } = await run(flags, "true");
    expect(stderr).toContain(`docker: Error response from daemon: `);
    expect(stderr).toContain(text);
    // The command line takes a file that is missing for a program that is.
    expect([125, 127]).toContain(code);
  });

  test("--cgroup-parent", async () => {
    const script = "sed -n 's/^\\(.*:memory\\|0:\\)://p' /proc/self/cgroup";
    const { stdout } = await run(["--cgroup-parent", "/gt-parent", "--cgroupns", "host"], "sh", "-c", script);
    expect(stdout).toMatch(/^\/gt-parent\/[0-9a-f]{64}\n/);
    // It is whoever names it that it belongs to.
    await runOrThrow([
      "sh",
      "-c",
      "rmdir /sys/fs/cgroup/gt-parent /sys/fs/cgroup/*/gt-parent 2>/dev/null; true",
    ]);
  });

  test("what this kernel cannot limit is told and left out", async () => {
    const hasWeight = cgroupV2 || existsSync(`${GROUP}/blkio/blkio.weight`);
    const { stderr, code } = await run(["--blkio-weight", "300", "--oom-kill-disable"], "true");
    expect(code).toBe(0);
    expect(stderr.includes("Your kernel does not support Block I/O weight")).toBe(!hasWeight);
    expect(stderr).toContain(
      cgroupV2 ? "OomKillDisable discarded." : "OOM killer is disabled for the container",
    );
  });

  test("shared memory is lent by shareable containers and by no others", async () => {
    const { docker } = harness;
    const start = ["run", "-d", "--network", "none"];
    const write = ["sh", "-c", "echo lent > /dev/shm/file; sleep 1000"];
    await docker([
      ...start,
      "--name",
      "lender",
      "--ipc",
      "shareable",
      "--shm-size",
      "3m",
      TEST_IMAGE,
      ...write,
    ]);
    await docker([...start, "--name", "closed", TEST_IMAGE, "sleep", "1000"]);
    const look = "cat /dev/shm/file; df -k /dev/shm | awk 'END { print $2 }'; readlink /proc/self/ns/ipc";
    const own = (await docker(["exec", "lender", "readlink", "/proc/self/ns/ipc"])).stdout;
    expect((await run(["--ipc", "container:lender"], "sh", "-c", look)).stdout).toBe(`lent\n3072\n${own}`);
    expect((await run(["--ipc", "container:closed"], "true")).stderr).toMatch(
      /failed to join IPC namespace: container [0-9a-f]{64}: non-shareable IPC \(hint: use IpcMode:shareable for the donor container\)/,
    );
    await docker(["rm", "-f", "lender", "closed"]);
  });

  test("rm --link takes a link away, and not its container", async () => {
    const { docker } = harness;
    await docker(["run", "-d", "--name", "linked", TEST_IMAGE, "sleep", "1000"]);
    await docker(["run", "-d", "--name", "linking", "--link", "linked:other", TEST_IMAGE, "sleep", "1000"]);
    const hosts = async () => (await docker(["exec", "linking", "cat", "/etc/hosts"])).stdout;
    expect(await hosts()).toContain("\tother ");
    expect(await docker(["rm", "--link", "/linking/other"])).toMatchObject({
      code: 0,
      stdout: "/linking/other\n",
    });
    expect(await hosts()).not.toContain("\tother ");
    expect((await docker(["inspect", "-f", "{{.HostConfig.Links}}", "linking"])).stdout).toBe("[]\n");
    expect((await docker(["rm", "--link", "linked"])).stderr).toContain(
      "Conflict, cannot remove the default link name of the container",
    );
    expect((await docker(["rm", "--link", "/linking/other"])).stderr).toContain("No such container: ");
    await docker(["rm", "-f", "linked", "linking"]);
  });
});
