import { expect, test } from "bun:test";
import { sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { chooseExits, portsOn } from "./exits.ts";

const V4 = { subnet: "10.1.0.0/24", gateway: "10.1.0.1" };
const V6 = { subnet: "fd00:1::/64", gateway: "fd00:1::1" };

function candidate(name: string, changes: Partial<NetworkRecord> = {}, gatewayPriority = 0) {
  const network = sampleNetwork({ id: name, name, pools: [V4], ...changes });
  return { network, gatewayPriority };
}

test("the way out is by priority, then by both families, then by name", () => {
  const both = { enableIpv6: true, pools: [V4, V6] };
  expect(chooseExits([candidate("b"), candidate("a")])).toEqual({ ipv4: "a", ipv6: undefined });
  expect(chooseExits([candidate("b", both), candidate("a")])).toEqual({ ipv4: "b", ipv6: "b" });
  expect(chooseExits([candidate("b", both), candidate("a", {}, 1)])).toEqual({ ipv4: "a", ipv6: "b" });
  expect(chooseExits([candidate("a", { internal: true }), candidate("h", { driver: "host" })])).toEqual({
    ipv4: undefined,
    ipv6: undefined,
  });
});

test("a network may lead out straight onto its links, or not at all although it has gateways", () => {
  const gatewayless = { pools: [{ subnet: V4.subnet }] };
  const onto = { ...gatewayless, wayOut: "link" as const };
  expect(chooseExits([candidate("a", gatewayless), candidate("b", onto)]).ipv4).toBe("b");
  expect(chooseExits([candidate("a", { ...onto, internal: true }), candidate("b")]).ipv4).toBe("b");
  expect(chooseExits([candidate("a", { wayOut: "none" }), candidate("b")]).ipv4).toBe("b");
  expect(chooseExits([candidate("a", onto)]).ipv6).toBeUndefined();
  expect(chooseExits([candidate("a", { ...onto, enableIpv4: false, enableIpv6: true })])).toEqual({
    ipv4: undefined,
    ipv6: "a",
  });
});

test("ports are published on the way out, each family's on its own where there are two", () => {
  const port = { protocol: "tcp", containerPort: 80, hostPort: 8080, hostPortEnd: 8080 } as const;
  const ports = ["", "127.0.0.1", "::1"].map((hostIp) => ({ ...port, hostIp }));
  expect(portsOn("a", { ipv4: "a", ipv6: "a" }, ports)).toEqual(ports);
  expect(portsOn("a", { ipv4: undefined, ipv6: "a" }, ports)).toEqual(ports);
  expect(portsOn("c", { ipv4: "a", ipv6: "a" }, ports)).toEqual([]);
  const on = (id: string) =>
    portsOn(id, { ipv4: "a", ipv6: "b" }, ports).map(({ hostIp, family }) => [hostIp, family]);
  expect(on("a")).toEqual([
    ["", "ipv4"],
    ["127.0.0.1", "ipv4"],
  ]);
  expect(on("b")).toEqual([
    ["", "ipv6"],
    ["::1", "ipv6"],
  ]);
});
