import { expect, test } from "bun:test";
import { sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { chooseExits } from "./exits.ts";

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
