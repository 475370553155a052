import { expect, test } from "bun:test";
import { sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { NetworkCreateRequest } from "../../spec/engine-api/mod.ts";
import { newNetwork } from "./new-network.ts";

const MTU = "com.docker.network.driver.mtu";
const IPV4 = "com.docker.network.enable_ipv4";
const IPV6 = "com.docker.network.enable_ipv6";

function make(request: Partial<NetworkCreateRequest>, defaults: Record<string, string> = {}) {
  return newNetwork({ Name: "made", ...request } as NetworkCreateRequest, {
    findConfiguration: () => sampleNetwork({ name: "plan", configOnly: true, options: { [MTU]: "1233" } }),
    defaultOptions: { bridge: defaults },
  });
}

test("a network by a configuration has its options, and none of the daemon's defaults", () => {
  expect(make({ ConfigFrom: { Network: "plan" } }, { [MTU]: "1400" }).options).toEqual({ [MTU]: "1233" });
  expect(() => make({ ConfigFrom: { Network: "plan" }, Options: { [MTU]: "1400" } })).toThrow(
    "user supplied configurations are not supported if the network depends on a configuration network",
  );
});

test("an option that the request overrides by a field is not shown beside it", () => {
  const defaults = { [IPV4]: "false", [IPV6]: "true" };
  expect(make({}, defaults)).toMatchObject({ enableIpv4: false, enableIpv6: true, options: defaults });
  expect(make({ EnableIPv4: true }, defaults)).toMatchObject({
    enableIpv4: true,
    enableIpv6: true,
    options: { [IPV6]: "true" },
  });
  expect(make({ EnableIPv4: true, EnableIPv6: false }, defaults).options).toEqual({});
});

test("only a bridge needs addresses", () => {
  const none = { EnableIPv4: false, EnableIPv6: false };
  expect(() => make(none)).toThrow("IPv4 or IPv6 must be enabled");
  expect(make({ ...none, Driver: "macvlan" })).toMatchObject({ enableIpv4: false, enableIpv6: false });
});
