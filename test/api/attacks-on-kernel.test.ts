import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SyscallWay, syscallProbe } from "../fixtures/syscall-probe.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const EPERM = 1;
const AF = { UNIX: 1, ALG: 38, VSOCK: 40 };
const SEQPACKET = 5;

/** What the kernel would do for a container is not asked: the filter answers first, with EPERM. */
const REFUSED: ReadonlyArray<readonly [name: string, way: SyscallWay, number: number, args: number[]]> = [
  ["socket AF_ALG", "amd64", 41, [AF.ALG, SEQPACKET, 0]],
  ["socket AF_VSOCK", "amd64", 41, [AF.VSOCK, 1, 0]],
  ["socket AF_ALG, 32 bit", "i386", 359, [AF.ALG, SEQPACKET, 0]],
  ["socket AF_VSOCK, 32 bit", "i386", 359, [AF.VSOCK, 1, 0]],
  ["io_uring_setup", "amd64", 425, []],
  ["io_uring_enter", "amd64", 426, []],
  ["io_uring_register", "amd64", 427, []],
  ["io_uring_setup, 32 bit", "i386", 425, []],
  ["keyctl", "amd64", 250, []],
  ["add_key", "amd64", 248, []],
  ["request_key", "amd64", 249, []],
  ["bpf", "amd64", 321, []],
  ["bpf, 32 bit", "i386", 357, []],
  ["perf_event_open", "amd64", 298, []],
  ["userfaultfd", "amd64", 323, []],
  ["mount", "amd64", 165, []],
  ["open_by_handle_at", "amd64", 304, []],
  ["init_module", "amd64", 175, []],
  ["kexec_load", "amd64", 246, []],
  ["unshare of a user namespace", "amd64", 272, [0x1000_0000]],
];

describe.skipIf(process.arch !== "x64")("the kernel below a container", () => {
  const harness = useEngine();

  test("answers none of the calls that the filter keeps away", async () => {
    const { docker, engine } = harness;
    const probes = join(engine.directory, "probes");
    mkdirSync(probes);
    const add = (name: string, program: Buffer) => {
      writeFileSync(join(probes, name), program);
      chmodSync(join(probes, name), 0o755);
    };
    for (const [index, [, way, number, args]] of REFUSED.entries()) {
      add(String(index), syscallProbe(way, number, args));
    }
    add("control", syscallProbe("amd64", 41, [AF.UNIX, 1, 0]));
    const script = `cd /probes; for each in $(seq 0 ${REFUSED.length - 1}) control; do ./$each; echo $?; done`;
    const run = async (...flags: string[]) => {
      const base = ["run", "--rm", "--network", "none", "-v", `${probes}:/probes:ro`];
      const { stdout } = await docker([...base, ...flags, TEST_IMAGE, "sh", "-c", script]);
      return stdout.trim().split("\n").map(Number);
    };
    const filtered = await run();
    expect(filtered.at(-1)).toBe(0);
    const through = REFUSED.filter((_, index) => filtered[index] !== EPERM).map(([name]) => name);
    expect(through).toEqual([]);
    // Without the filter the kernel itself answers, and otherwise: the programs do what they say.
    const open = await run("--security-opt", "seccomp=unconfined");
    expect(open.filter((code) => code !== EPERM).length).toBeGreaterThan(8);
  });

  test("its files that tell of the host are empty", async () => {
    const { stdout } = await harness.docker(["create", "--name", "masked", TEST_IMAGE]);
    const inspected = await harness.docker([
      "inspect",
      "-f",
      "{{json .HostConfig.MaskedPaths}}",
      stdout.trim(),
    ]);
    const masked = JSON.parse(inspected.stdout) as string[];
    for (const path of [
      "/proc/acpi",
      "/proc/asound",
      "/proc/interrupts",
      "/proc/kcore",
      "/proc/keys",
      "/proc/latency_stats",
      "/proc/sched_debug",
      "/proc/scsi",
      "/proc/timer_list",
      "/proc/timer_stats",
      "/sys/devices/virtual/powercap",
      "/sys/firmware",
    ]) {
      expect(masked).toContain(path);
    }
    const throttle = "/sys/devices/system/cpu/cpu0/thermal_throttle";
    expect(masked.includes(throttle)).toBe(existsSync(throttle));
    const present = masked.filter((path) => existsSync(path));
    expect(present.length).toBeGreaterThan(2);
    const script = `for f in ${present.join(" ")}; do if [ -d $f ]; then ls -A $f; else cat $f; fi; done | wc -c`;
    const run = (...flags: string[]) =>
      harness.docker(["run", "--rm", "--network", "none", ...flags, TEST_IMAGE, "sh", "-c", script]);
    expect((await run()).stdout).toBe("0\n");
    expect(Number((await run("--security-opt", "systempaths=unconfined")).stdout)).toBeGreaterThan(0);
    await harness.docker(["rm", "masked"]);
  });

  test("masks hold where the container's own /dev is an attacker's", async () => {
    const { docker } = harness;
    const run = (flags: readonly string[], script: string) =>
      docker(["run", "--rm", "--network", "none", ...flags, TEST_IMAGE, "sh", "-c", script]);
    await run(
      ["-v", "evil-dev:/v"],
      "cd /v; ln -s /proc/timer_list null; ln -s /proc/sysrq-trigger console; ln -s /tmp pts; ln -s /tmp shm",
    );
    const read =
      "cat /proc/timer_list /proc/interrupts /proc/keys | wc -c; grep -c ' /proc/sys ' /proc/mounts";
    expect((await run(["-v", "evil-dev:/dev"], read)).stdout).toBe("0\n1\n");
    const console = await run(["-t", "-v", "evil-dev:/dev"], "grep -c sysrq-trigger /proc/mounts");
    // The terminal is refused, or is there without having taken the place of a file of the kernel.
    if (console.code === 0) expect(Number(console.stdout.trim())).toBeLessThanOrEqual(1);
    await docker(["volume", "rm", "evil-dev"]);
  });
});
