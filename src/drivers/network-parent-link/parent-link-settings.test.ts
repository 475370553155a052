import { expect, test } from "bun:test";
import { ipvlan } from "./ipvlan.ts";
import { macvlan } from "./macvlan.ts";
import { parseSubInterface } from "./parent-link.ts";
import { type ParentLinkKind, readParentLinkSettings } from "./parent-link-settings.ts";

const ID = "0123456789abcdef".repeat(4);

function read(kind: ParentLinkKind, options: Record<string, string>) {
  const { mode, ...rest } = readParentLinkSettings(kind, { id: ID, options });
  return { ...rest, routesOnLink: mode.routesOnLink, link: mode.linkOn(7) };
}

test("options have docker's defaults", () => {
  expect(read(ipvlan, {})).toEqual({
    networkId: ID,
    parent: "di-0123456789ab",
    isDummy: true,
    mtu: undefined,
    routesOnLink: false,
    link: { kind: "ipvlan", parentIndex: 7, mode: "l2", flag: "bridge" },
  });
  expect(read(macvlan, { parent: "" })).toMatchObject({
    parent: "dm-0123456789ab",
    isDummy: true,
    link: { kind: "macvlan", parentIndex: 7, mode: "bridge" },
  });
});

test("every mode and flag is read", () => {
  for (const mode of ["l2", "l3", "l3s"]) {
    for (const flag of ["bridge", "private", "vepa"]) {
      const options = { parent: "eth0.10", ipvlan_mode: mode, ipvlan_flag: flag };
      expect(read(ipvlan, { ...options, "com.docker.network.driver.mtu": "1400" })).toMatchObject({
        parent: "eth0.10",
        isDummy: false,
        mtu: 1400,
        routesOnLink: mode !== "l2",
        link: { mode, flag },
      });
    }
  }
  for (const mode of ["bridge", "vepa", "private", "passthru"]) {
    expect(read(macvlan, { macvlan_mode: mode }).link).toMatchObject({ kind: "macvlan", mode });
  }
});

test.each([
  [{ ipvlan_mode: "l4" }, "requested ipvlan mode 'l4' is not valid, 'l2' mode is the ipvlan driver default"],
  [{ ipvlan_flag: "x" }, "requested ipvlan flag 'x' is not valid, 'bridge' is the ipvlan driver default"],
  [{ parent: "lo" }, "loopback interface is not a valid ipvlan parent link"],
  [{ parent: "a/b" }, "invalid subinterface vlan name a/b, example formatting is eth0.10"],
  [{ "com.docker.network.driver.mtu": "many" }, "invalid MTU number: many"],
  [{ macvlan_mode: "bridge" }, "unknown option of the driver ipvlan: macvlan_mode"],
])("%p is refused", (options: Record<string, string>, text) => {
  expect(() => read(ipvlan, options)).toThrow(text);
});

test("names of sub-interfaces are split, and refused with docker's texts", () => {
  expect(parseSubInterface("eth0.10")).toEqual({ base: "eth0", vlanId: 10 });
  for (const [name, text] of [
    ["eth0", "invalid subinterface vlan name eth0, example formatting is eth0.10"],
    [
      "eth0.1.2",
      "required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received eth0.1.2",
    ],
    ["eth0.x", "unable to parse a valid vlan id from: x (ex. eth0.10 for vlan 10)"],
    ["eth0.0", "vlan id must be between 1-4094, received: 0"],
    ["eth0.4095", "vlan id must be between 1-4094, received: 4095"],
  ] as const) {
    expect(() => parseSubInterface(name)).toThrow(text);
  }
});

test("one network at a time has an ipvlan parent; macvlan ones share theirs but in mode passthru", () => {
  const user = (kind: ParentLinkKind, networkId: string, options: Record<string, string> = {}) =>
    readParentLinkSettings(kind, { id: networkId, options: { parent: "eth0", ...options } });
  const share =
    (kind: ParentLinkKind, added: Record<string, string>, present: Record<string, string>) => () =>
      kind.checkSharing(user(kind, "b".repeat(64), added), user(kind, ID, present));
  expect(share(ipvlan, {}, {})).toThrow("network di-0123456789ab is already using parent interface eth0");
  expect(share(macvlan, {}, { macvlan_mode: "private" })).not.toThrow();
  expect(share(macvlan, { macvlan_mode: "passthru" }, {})).toThrow(
    `cannot use mode passthru, macvlan network ${ID} is already using parent interface eth0`,
  );
  expect(share(macvlan, {}, { macvlan_mode: "passthru" })).toThrow(
    `macvlan network ${ID} is already using parent interface eth0 in mode passthru`,
  );
});
