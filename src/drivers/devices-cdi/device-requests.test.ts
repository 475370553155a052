import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notFound } from "../../base/errors.ts";
import type { RuntimeSpec } from "../../spec/oci-runtime/mod.ts";
import { DeviceRequests } from "./device-requests.ts";

const YAML = `
cdiVersion: "0.7.0"
kind: vendor.example/lamp
containerEdits:
  env: ["LAMPS=on"]
  additionalGids: [44]
devices:
  - name: red
    containerEdits:
      env: ["COLOUR=red"]
      deviceNodes: [{ path: /dev/red, hostPath: /dev/null, permissions: rw }]
      mounts: [{ hostPath: /srv, containerPath: /lamps, options: [ro] }]
      hooks: [{ hookName: createContainer, path: /bin/true, args: ["true"] }]
  - name: dim
    containerEdits: { intelRdt: { closID: x } }
`;

const base: RuntimeSpec = {
  ociVersion: "1.0.2",
  process: { user: { uid: 7, gid: 8 }, cwd: "/", env: ["PATH=/bin", "COLOUR=none"] },
};

let root: string;
let early: string;
let late: string;
let programs: Record<string, string>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gantry-cdi-"));
  early = join(root, "early");
  late = join(root, "late");
  programs = {};
  mkdirSync(early);
  writeFileSync(join(early, "lamps.yaml"), YAML);
});
afterEach(() => rmSync(root, { recursive: true }));

const requests = (directories = [early, late]) =>
  new DeviceRequests({
    directories,
    hostDevices: (path) => {
      if (path !== "/dev/null") throw notFound("no such file or directory");
      return [{ type: "c", path, major: 1, minor: 3, fileMode: 0o666, uid: 0, gid: 0 }];
    },
    findProgram: (name) => programs[name],
  });
const json = (kind: string, name: string, env: string) =>
  JSON.stringify({ cdiVersion: "1.0.0", kind, devices: [{ name, containerEdits: { env: [env] } }] });

describe("devices by name", () => {
  test("every edit is made, those of the file once", async () => {
    const spec = await requests().apply(base, [{ Driver: "cdi", DeviceIDs: ["vendor.example/lamp=red"] }]);
    expect(spec.process?.env).toEqual(["PATH=/bin", "COLOUR=red", "LAMPS=on"]);
    expect(spec.process?.user.additionalGids).toEqual([44]);
    expect(spec.linux?.devices).toEqual([
      { type: "c", path: "/dev/red", major: 1, minor: 3, fileMode: 0o666, uid: 7, gid: 8 },
    ]);
    expect(spec.linux?.resources?.devices).toEqual([
      { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
    ]);
    expect(spec.mounts).toEqual([
      { destination: "/lamps", source: "/srv", type: "bind", options: ["rbind", "ro"] },
    ]);
    expect(spec.hooks).toEqual({ createContainer: [{ path: "/bin/true", args: ["true"] }] });
  });

  test.each([
    [{ Driver: "cdi", DeviceIDs: ["a.b/c=d", "a.b/c=e"] }, "unresolvable CDI devices a.b/c=d, a.b/c=e"],
    [{ Driver: "cdi", DeviceIDs: ["vendor.example/lamp=dim"] }, "CDI edits of Intel RDT are not supported"],
    [{ Driver: "cdi", Count: 1 }, "unexpected count in CDI device request"],
    [{ Driver: "cdi", Options: { a: "b" } }, "unexpected options in CDI device request"],
  ])("%p is refused", async (request, message) => {
    await expect(requests().apply(base, [request])).rejects.toThrow(message);
  });

  test("a later directory wins; two files of one directory cancel each other out", async () => {
    mkdirSync(late);
    writeFileSync(join(late, "a.json"), json("vendor.example/lamp", "red", "COLOUR=late"));
    const spec = await requests().apply(base, [{ Driver: "cdi", DeviceIDs: ["vendor.example/lamp=red"] }]);
    expect(spec.process?.env).toContain("COLOUR=late");
    writeFileSync(join(late, "b.json"), json("vendor.example/lamp", "red", "COLOUR=later"));
    const { devices, errors } = await requests().inventory();
    expect([...devices.keys()]).toEqual(["vendor.example/lamp=dim"]);
    expect(errors.get(join(late, "a.json"))?.[0]).toStartWith('conflicting device "vendor.example/lamp=red"');
  });

  test("a file that cannot be read does not hide the others", async () => {
    writeFileSync(join(early, "broken.json"), "{");
    writeFileSync(join(early, "bomb.yaml"), `a: &a [x]\n${"b: [*a]\n"}`);
    const { devices, errors } = await requests().inventory();
    expect(devices.size).toBe(2);
    expect([...errors.keys()].sort()).toEqual([join(early, "bomb.yaml"), join(early, "broken.json")]);
  });
});

describe("devices by what they can do", () => {
  const all = { Driver: "", Count: -1, Capabilities: [["gpu"]] };

  test("nobody serves", async () => {
    const text = 'could not select device driver "" with capabilities: [[gpu]]';
    await expect(requests().apply(base, [all])).rejects.toThrow(text);
    const off = requests([]).apply(base, [{ Driver: "cdi", DeviceIDs: ["a.b/c=d"] }]);
    await expect(off).rejects.toThrow('could not select device driver "cdi" with capabilities: []');
  });

  test("NVIDIA's hook", async () => {
    programs["nvidia-container-runtime-hook"] = "/usr/bin/hook";
    const spec = await requests().apply(base, [{ Count: 2, Capabilities: [["nope"], ["gpu", "compute"]] }]);
    expect(spec.process?.env).toContain("NVIDIA_VISIBLE_DEVICES=0,1");
    expect(spec.process?.env).toContain("NVIDIA_DRIVER_CAPABILITIES=compute");
    expect(spec.hooks?.prestart?.[0]).toMatchObject({
      path: "/usr/bin/hook",
      args: ["nvidia-container-runtime-hook", "prestart"],
    });
    const both = requests().apply(base, [{ Driver: "nvidia", Count: 1, DeviceIDs: ["0"] }]);
    await expect(both).rejects.toThrow("cannot set both Count and DeviceIDs on device request");
  });

  test("NVIDIA's files before its hook", async () => {
    programs = { "nvidia-container-runtime-hook": "/usr/bin/hook", "nvidia-cdi-hook": "/usr/bin/cdi" };
    writeFileSync(join(early, "nvidia.json"), json("nvidia.com/gpu", "all", "GPU=file"));
    expect((await requests().apply(base, [all])).process?.env).toContain("GPU=file");
    rmSync(join(early, "nvidia.json"));
    expect((await requests().apply(base, [all])).process?.env).toContain("NVIDIA_VISIBLE_DEVICES=all");
  });

  test("AMD's files", async () => {
    writeFileSync(join(early, "amd.json"), json("amd.com/gpu", "0", "GPU=amd"));
    const spec = await requests().apply(base, [{ Count: 1, Capabilities: [["gpu"]] }]);
    expect(spec.process?.env).toContain("GPU=amd");
  });
});
