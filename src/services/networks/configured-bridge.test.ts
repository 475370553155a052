import { expect, test } from "bun:test";
import { isAsConfigured } from "./configured-bridge.ts";
import { predefinedRecord } from "./predefined.ts";

const NAME = "com.docker.network.bridge.name";

test("the stored default bridge is kept only while the configuration asks for the like", () => {
  const own = { options: { mtu: "1500" }, pools: [], enableIpv6: false };
  const foreign = { ...own, options: { ...own.options, [NAME]: "br0" } };
  const stored = predefinedRecord("bridge", "bridge", own);
  // The driver names it and gives it a subnet.
  const planned = {
    ...stored,
    options: { ...stored.options, [NAME]: "docker0" },
    pools: [{ subnet: "172.17.0.0/16" }],
  };
  expect(isAsConfigured(planned, own)).toBe(true);
  expect(isAsConfigured(planned, { ...own, options: { mtu: "1400" } })).toBe(false);
  expect(isAsConfigured(planned, { ...own, enableIpv6: true })).toBe(false);
  expect(isAsConfigured(planned, { ...own, pools: [{ subnet: "10.1.0.0/24" }] })).toBe(false);
  expect(isAsConfigured(planned, foreign)).toBe(false);
  expect(isAsConfigured(predefinedRecord("bridge", "bridge", foreign), foreign)).toBe(true);
  expect(isAsConfigured(predefinedRecord("bridge", "bridge", foreign), own)).toBe(false);
});
