import { expect, test } from "bun:test";
import { bytesToIp, bytesToMac, ipToBytes, macToBytes, parsePrefix } from "./ip-bytes.ts";
import { isLinkName } from "./link-settings.ts";
import { sysctlPath } from "./sysctl.ts";

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::", "::"],
  ["::1", "::1"],
  ["fd00:0:0:1:0:0:0:1", "fd00:0:0:1::1"],
  ["2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["fe80::", "fe80::"],
])("%s in canonical form is %s", (text, canonical) => {
  expect(bytesToIp(ipToBytes(text))).toBe(canonical);
});

test.each(["", "1.2.3", "1.2.3.256", "::g", "fe80::1%eth0", "1::2::3", "a b"])("%p is no address", (text) => {
  expect(() => ipToBytes(text)).toThrow("invalid IP address");
});

test("prefixes", () => {
  expect(parsePrefix("10.0.0.0/8")).toEqual({ address: "10.0.0.0", family: 2, length: 8 });
  expect(parsePrefix("::1")).toEqual({ address: "::1", family: 10, length: 128 });
  for (const bad of ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "10.0.0.0/1e1"]) {
    expect(() => parsePrefix(bad)).toThrow("invalid prefix length");
  }
});

test("hardware addresses", () => {
  expect(bytesToMac(macToBytes("02:42:AC:11:00:02"))).toBe("02:42:ac:11:00:02");
  expect(() => macToBytes("02:42:ac:11:00")).toThrow("invalid MAC address");
});

test("link names that the kernel takes", () => {
  expect(["eth0", "br-0123456789a", "eth0.5", "ä"].every(isLinkName)).toBe(true);
  expect(["", ".", "..", "a/b", "a b", "a:b", "sixteen-bytes-xx"].some(isLinkName)).toBe(false);
});

test("sysctl keys stay below net", () => {
  expect(sysctlPath("net.ipv4.ip_forward")).toBe("/proc/sys/net/ipv4/ip_forward");
  expect(sysctlPath("net/ipv4/conf/eth0.5/forwarding")).toBe("/proc/sys/net/ipv4/conf/eth0.5/forwarding");
  expect(sysctlPath("net.ipv4.conf.eth0/5.forwarding")).toBe("/proc/sys/net/ipv4/conf/eth0.5/forwarding");
  for (const bad of ["kernel.hostname", "net", "net/../kernel/hostname", "net..x", "net/a\0b", "../net/x"]) {
    expect(() => sysctlPath(bad)).toThrow("invalid network sysctl");
  }
});
