import { expect, test } from "bun:test";
import type { PluginPrivilege } from "../../../spec/engine-api/mod.ts";
import { parsePluginConfig } from "../../../spec/plugin-config/mod.ts";
import { checkPrivileges, privilegesOf } from "./privileges.ts";

const privilege = (Name: string, ...Value: string[]): PluginPrivilege => ({ Name, Description: "", Value });

test("a config's privileges are those that docker asks for", () => {
  const config = parsePluginConfig(
    JSON.stringify({
      interface: { socket: "p.sock", types: ["docker.volumedriver/1.0"] },
      network: { type: "host" },
      ipchost: true,
      PidHost: true,
      mounts: [
        { name: "a", source: "/a", destination: "/a", type: "bind" },
        { name: "b", destination: "/b", type: "tmpfs" },
      ],
      linux: {
        capabilities: ["CAP_SYS_ADMIN"],
        allowAllDevices: true,
        devices: [{ name: "d", path: "/dev/fuse" }],
      },
    }),
  );
  expect(privilegesOf(config).map(({ Name, Value }) => [Name, ...Value])).toEqual([
    ["network", "host"],
    ["host ipc namespace", "true"],
    ["host pid namespace", "true"],
    ["mount", "/a"],
    ["device", "/dev/fuse"],
    ["allow-all-devices", "true"],
    ["capabilities", "CAP_SYS_ADMIN"],
  ]);
});

test("order does not matter", () => {
  const needed = [privilege("mount", "/a"), privilege("capabilities", "B", "A"), privilege("mount", "/b")];
  const granted = [privilege("mount", "/b"), privilege("capabilities", "A", "B"), privilege("mount", "/a")];
  expect(() => checkPrivileges(needed, granted)).not.toThrow();
});

test("no other list passes, whatever is left out, added, doubled or changed at whatever place", () => {
  const needed = [privilege("capabilities", "A", "B"), privilege("mount", "/a"), privilege("mount", "/b")];
  const others = needed.flatMap((each, at) => [
    needed.toSpliced(at, 1),
    needed.toSpliced(at, 0, each),
    needed.toSpliced(at, 1, needed[(at + 1) % needed.length]!),
    needed.toSpliced(at, 1, { ...each, Name: "network" }),
    needed.toSpliced(at, 1, { ...each, Value: [...each.Value, "more"] }),
    needed.toSpliced(at, 1, { ...each, Value: each.Value.slice(1) }),
    needed.toSpliced(at, 1, { ...each, Value: ["other", ...each.Value.slice(1)] }),
    needed.toSpliced(at, 1, { ...each, Value: [...each.Value.slice(0, -1), "other"] }),
  ]);
  for (const granted of [...others, []]) {
    expect(() => checkPrivileges(needed, granted)).toThrow("incorrect privileges");
    expect(() => checkPrivileges(granted, needed)).toThrow("incorrect privileges");
  }
});

test.each([
  ["a socket elsewhere", { interface: { socket: "../other.sock" } }],
  ["a mount elsewhere", { interface: { socket: "s" }, mounts: [{ destination: "/a/../../b" }] }],
  ["a propagated mount elsewhere", { interface: { socket: "s" }, propagatedMount: "../data" }],
  ["another network", { interface: { socket: "s" }, network: { type: "container:x" } }],
  ["another type", { interface: { socket: 5 } }],
])("a config with %s is refused", (_what, config) => {
  expect(() => parsePluginConfig(JSON.stringify(config))).toThrow();
});
