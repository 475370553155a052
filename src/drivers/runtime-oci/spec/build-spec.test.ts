import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { notFound } from "../../../base/errors.ts";
import type { ContainerConfig, HostConfig } from "../../../spec/engine-api/mod.ts";
import type { LinuxDevice } from "../../../spec/oci-runtime/mod.ts";
import { serializeDocument } from "../serialize-document.ts";
import { buildRuntimeSpec } from "./build-spec.ts";
import { ALL_CAPABILITIES } from "./capabilities.ts";
import type { RuntimeSpecInput } from "./input.ts";

const DEVICES: readonly LinuxDevice[] = [
  { type: "c", path: "/dev/null", major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 },
  { type: "b", path: "/dev/sda", major: 8, minor: 0, fileMode: 0o660, uid: 0, gid: 6 },
];

function devicesAt(path: string): readonly LinuxDevice[] {
  if (path === "/dev") return DEVICES;
  const device = DEVICES.find((candidate) => candidate.path === path);
  if (!device) throw notFound("no such file or directory");
  return [device];
}

function input(
  config: ContainerConfig = {},
  hostConfig: HostConfig = {},
  more: Partial<RuntimeSpecInput> = {},
): RuntimeSpecInput {
  return {
    args: ["sh", "-c", "true"],
    config,
    hostConfig,
    rootfs: "/var/lib/gantry/mounts/c1",
    hostname: "c1host",
    user: { uid: 0, gid: 0, additionalGids: [0] },
    mounts: [],
    files: { hosts: "/c1/hosts", hostname: "/c1/hostname", resolvConf: "/c1/resolv.conf" },
    namespaces: {
      network: { path: "/run/gantry/netns/c1" },
      pid: "private",
      ipc: "private",
      uts: "private",
      cgroup: "private",
    },
    cgroupPath: "/docker/c1",
    host: {
      cgroups: "v2",
      swapLimit: true,
      kernel: { major: 6, minor: 12 },
      architecture: "amd64",
      capabilities: new Set(ALL_CAPABILITIES),
      hardLimits: { nofile: 20_000 },
      apparmor: false,
      throttledCpus: [0, 1],
    },
    devicesAt,
    ...more,
  };
}

const GOLDEN = join(import.meta.dirname, "golden");

/** Compares with the stored document; with UPDATE_GOLDEN in the environment it is stored anew. */
function expectGolden(name: string, made: RuntimeSpecInput): void {
  const path = join(GOLDEN, `${name}.json`);
  const text = `${JSON.stringify(JSON.parse(serializeDocument(buildRuntimeSpec(made))), null, 2)}\n`;
  if (process.env["UPDATE_GOLDEN"]) writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, "utf8"));
}

test("a container without any option", () => expectGolden("plain", input({ Env: ["A=1", "PATH=/bin"] })));

test("a privileged container in the host's namespaces", () =>
  expectGolden(
    "privileged-host",
    input(
      {},
      { Privileged: true },
      { namespaces: { network: "host", pid: "host", ipc: "host", uts: "host", cgroup: "host" } },
    ),
  ));

test("a confined container with limits, mounts, devices and an init", () =>
  expectGolden(
    "confined",
    input(
      { Tty: true, WorkingDir: "/work", Domainname: "example.com" },
      {
        CapDrop: ["ALL"],
        CapAdd: ["net_admin"],
        SecurityOpt: ["no-new-privileges", "seccomp=unconfined", "systempaths=unconfined"],
        ReadonlyRootfs: true,
        Memory: 256 << 20,
        NanoCpus: 1_500_000_000,
        CpusetCpus: "0-1",
        PidsLimit: 100,
        BlkioDeviceReadBps: [{ Path: "/dev/sda", Rate: 1_000_000 }],
        Devices: [{ PathOnHost: "/dev/sda", PathInContainer: "/dev/disk", CgroupPermissions: "r" }],
        DeviceCgroupRules: ["c 42:* rmw"],
        Ulimits: [{ Name: "core", Soft: -1, Hard: -1 }],
        OomScoreAdj: 300,
        Sysctls: { "net.core.somaxconn": "1024" },
        ShmSize: 1 << 20,
        ConsoleSize: [24, 80],
        Annotations: { note: "x" },
      },
      {
        user: { uid: 1000, gid: 1000, additionalGids: [1000] },
        initPath: "/usr/bin/tini",
        mounts: [
          {
            type: "bind",
            source: "/data",
            destination: "/data/deep",
            readOnly: true,
            propagation: "rshared",
          },
          {
            type: "tmpfs",
            destination: "/tmp",
            readOnly: false,
            options: ["noexec", "nosuid", "nodev", "rprivate", "size=64m"],
          },
          { type: "bind", source: "/my/hosts", destination: "/etc/hosts", readOnly: false },
        ],
      },
    ),
  ));

const spec = (hostConfig: HostConfig, more: Partial<RuntimeSpecInput> = {}) =>
  buildRuntimeSpec(input({}, hostConfig, more));

test("capabilities that the engine does not have are not asked for", () => {
  const host = { ...input().host, capabilities: new Set(["CAP_KILL"]) };
  expect(spec({ Privileged: true }, { host }).process?.capabilities?.bounding).toEqual(["CAP_KILL"]);
});

test("limits stay below the engine's own unless it may raise them", () => {
  const nofile = { Name: "nofile", Soft: 1024, Hard: 1_000_000 };
  const host = { ...input().host, capabilities: new Set<string>() };
  expect(spec({ Ulimits: [nofile] }).process?.rlimits).toEqual([
    { type: "RLIMIT_NOFILE", soft: 1024, hard: 1_000_000 },
  ]);
  expect(spec({ Ulimits: [nofile] }, { host }).process?.rlimits).toEqual([
    { type: "RLIMIT_NOFILE", soft: 1024, hard: 20_000 },
  ]);
});

test("no limit is written as the kernel's number", () => {
  const text = serializeDocument(spec({ Ulimits: [{ Name: "memlock", Soft: -1, Hard: -1 }] }));
  expect(text).toContain('"soft":18446744073709551615,"hard":18446744073709551615}');
});

test("mistakes are told in docker's words", () => {
  const cases: Array<[HostConfig, string]> = [
    [{ CapAdd: ["FOO"] }, 'invalid CapAdd: unknown capability: "CAP_FOO"'],
    [{ SecurityOpt: ["foo"] }, 'invalid --security-opt 1: "foo"'],
    [{ SecurityOpt: ["foo=bar"] }, 'invalid --security-opt 2: "foo=bar"'],
    [{ SecurityOpt: ["seccomp={"] }, "Decoding seccomp profile failed"],
    [{ Ulimits: [{ Name: "foo", Soft: 1, Hard: 1 }] }, "invalid ulimit type: foo"],
    [{ DeviceCgroupRules: ["foo"] }, "invalid device cgroup rule format: 'foo'"],
    [
      { Devices: [{ PathOnHost: "/dev/nope", PathInContainer: "", CgroupPermissions: "" }] },
      'error gathering device information while adding custom device "/dev/nope": no such file or directory',
    ],
  ];
  for (const [hostConfig, message] of cases) expect(() => spec(hostConfig)).toThrow(message);
});

test("a mount over /dev replaces what the engine puts there", () => {
  const mounts = spec(
    {},
    { mounts: [{ type: "bind", source: "/dev", destination: "/dev", readOnly: false }] },
  ).mounts!;
  expect(mounts.filter((mount) => mount.destination.startsWith("/dev")).length).toBe(1);
});

test("the seccomp filter follows capabilities, architecture and kernel", () => {
  const names = (hostConfig: HostConfig, host = input().host) =>
    new Set(
      spec(hostConfig, { host })
        .linux!.seccomp!.syscalls!.filter((rule) => rule.action === "SCMP_ACT_ALLOW")
        .flatMap((rule) => rule.names),
    );
  expect(names({}).has("mount")).toBe(false);
  expect(names({ CapAdd: ["SYS_ADMIN"] }).has("mount")).toBe(true);
  expect(names({}).has("arch_prctl")).toBe(true);
  expect(names({}, { ...input().host, architecture: "arm64" }).has("arch_prctl")).toBe(false);
  expect(names({}, { ...input().host, kernel: { major: 4, minor: 7 } }).has("ptrace")).toBe(false);
  expect(names({}).has("ptrace")).toBe(true);
  const families = spec({})
    .linux!.seccomp!.syscalls!.filter((rule) => rule.names.includes("socket"))
    .flatMap((rule) => rule.args!.map((argument) => argument.value));
  expect(families).not.toContain(38);
  expect(families).not.toContain(40);
});

test("a profile of the user's own takes the default's place", () => {
  const profile = {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [
      { names: ["mkdir"], action: "SCMP_ACT_ERRNO", excludes: { caps: ["CAP_KILL"] } },
      { name: "chmod", action: "SCMP_ACT_ERRNO" },
    ],
  };
  expect(spec({ SecurityOpt: [`seccomp=${JSON.stringify(profile)}`] }).linux?.seccomp).toEqual({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["chmod"], action: "SCMP_ACT_ERRNO" }],
  });
});
