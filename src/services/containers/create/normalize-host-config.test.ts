import { expect, test } from "bun:test";
import type { HostConfig } from "../../../spec/engine-api/mod.ts";
import { type HostDefaults, normalizeHostConfig } from "./normalize-host-config.ts";

const defaults: HostDefaults = {
  runtime: "crun",
  cgroupVersion: 1,
  ipcMode: "shareable",
  cgroupnsMode: "",
  shmSizeBytes: 64,
  maskedPaths: ["/proc/kcore"],
  readonlyPaths: ["/proc/sys"],
  ulimits: [],
  dns: { dns: [], dnsSearch: [], dnsOptions: [] },
};
const normalize = (request: unknown, changes: Partial<HostDefaults> = {}) =>
  normalizeHostConfig(request as HostConfig, { ...defaults, ...changes });

test("what is left open is what the engine has", () => {
  expect(normalize({})).toMatchObject({
    NetworkMode: "bridge",
    IpcMode: "shareable",
    CgroupnsMode: "host",
    ShmSize: 64,
    Runtime: "crun",
    OomKillDisable: false,
    MemorySwappiness: null,
    MaskedPaths: ["/proc/kcore"],
  });
});

test("lists and maps that are left out are null, empty ones stay empty", () => {
  const said = { Dns: [], PortBindings: {}, Devices: [], Ulimits: [], BlkioWeightDevice: [] };
  expect(normalize(said)).toMatchObject(said);
  expect(normalize({})).toMatchObject(Object.fromEntries(Object.keys(said).map((name) => [name, null])));
});

test("entries of lists are complete, null ones too", () => {
  const { Devices, Ulimits, BlkioDeviceReadBps } = normalize({
    Devices: [null, { PathOnHost: "/dev/null" }],
    Ulimits: [{}],
    BlkioDeviceReadBps: [{ Rate: 5 }],
  });
  expect(Devices?.[0]).toEqual({ PathOnHost: "", PathInContainer: "", CgroupPermissions: "" });
  expect(Devices?.[1]).toEqual({ PathOnHost: "/dev/null", PathInContainer: "", CgroupPermissions: "" });
  expect(Ulimits).toEqual([{ Name: "", Soft: 0, Hard: 0 }]);
  expect(BlkioDeviceReadBps).toEqual([{ Path: "", Rate: 5 }]);
});

test.each([
  [{}, { cgroupVersion: 2 }, "private"],
  [{ Privileged: true }, { cgroupVersion: 2 }, "private"],
  [{ Privileged: true }, { cgroupnsMode: "private" }, "host"],
  [{}, { cgroupnsMode: "private" }, "private"],
  [{ CgroupnsMode: "host" }, { cgroupVersion: 2 }, "host"],
] as const)("%j with %j: control groups are %s", (request, changes, mode) => {
  expect(normalize(request, changes).CgroupnsMode).toBe(mode);
});

test.each([
  [{ Memory: 8 }, 16],
  [{ Memory: 8, MemorySwap: -1 }, -1],
  [{ Memory: 9e18 }, -1],
  [{}, 0],
])("%j: memory and swap together are %p", (request, bytes) => {
  expect(normalize(request).MemorySwap).toBe(bytes);
});
