import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { silentLogger } from "../../base/logger.ts";
import { readDaemonSettings } from "../daemon-settings.ts";
import { defaultBridgeOf } from "./default-bridge.ts";

function poolsOf(flags: readonly string[], warnings: string[] = []) {
  const { settings } = readDaemonSettings(["--config-file", "/dev/null", "--ipv6", ...flags]);
  const logger = { ...silentLogger, warn: (_: object, text: string) => void warnings.push(text) };
  return defaultBridgeOf(settings, logger)?.pools;
}

test("an engine's own bridge", () => {
  expect(poolsOf([])).toEqual([]);
  expect(poolsOf(["--fixed-cidr", "192.168.176.0/24", "--fixed-cidr-v6", "fd00:1::/64"])).toEqual([
    { subnet: "192.168.176.0/24", ipRange: "192.168.176.0/24" },
    { subnet: "fd00:1::/64", ipRange: "fd00:1::/64" },
  ]);
  const addresses = ["--bip", "192.168.176.88/20", "--bip6", "fd00:1::8888/56"];
  expect(
    poolsOf([...addresses, "--fixed-cidr", "192.168.177.0/24", "--fixed-cidr-v6", "fd00:1::/64"]),
  ).toEqual([
    { subnet: "192.168.176.0/20", gateway: "192.168.176.88", ipRange: "192.168.177.0/24" },
    { subnet: "fd00:1::/56", gateway: "fd00:1::8888", ipRange: "fd00:1::/64" },
  ]);
  expect(poolsOf(["--bip6", "fd00:1::8888/64", "--default-gateway-v6", "fd00:1::9"])).toEqual([
    { subnet: "fd00:1::/64", gateway: "fd00:1::8888", auxAddresses: { DefaultGatewayIPv6: "fd00:1::9" } },
  ]);
  expect(() => poolsOf(["--bip6", "10.0.0.1/24"])).toThrow("invalid bip6: invalid CIDR address: 10.0.0.1/24");
});

describe("a bridge that somebody made", () => {
  const name = `gtt${process.pid}`;
  function withBridge(addresses: readonly string[], work: () => void): void {
    execFileSync("ip", ["link", "add", name, "type", "bridge"]);
    try {
      for (const address of addresses) execFileSync("ip", ["address", "add", address, "dev", name]);
      work();
    } finally {
      execFileSync("ip", ["link", "delete", name]);
    }
  }
  const several = [
    ...["192.168.160.88/20", "192.168.176.88/20", "192.168.192.88/20"],
    ...["fd00:1:0:0::8888/60", "fd00:1:0:10::8888/60", "fe80::1/64"],
  ];

  test("the address counts whose network holds the range", () =>
    withBridge(several, () => {
      const range = ["--fixed-cidr", "192.168.177.0/24", "--fixed-cidr-v6", "fd00:1:0:11::/64"];
      expect(poolsOf(["--bridge", name, ...range])).toEqual([
        { subnet: "192.168.176.0/20", gateway: "192.168.176.88", ipRange: "192.168.177.0/24" },
        { subnet: "fd00:1:0:10::/60", gateway: "fd00:1:0:10::8888", ipRange: "fd00:1:0:11::/64" },
      ]);
      expect(poolsOf(["--bridge", name])).toContainEqual({
        subnet: "192.168.160.0/20",
        gateway: "192.168.160.88",
      });
    }));

  test("a range outside is an error for IPv6, and passed over for IPv4", () =>
    withBridge(["192.168.160.88/20", "fd00:1::8888/60"], () => {
      const warnings: string[] = [];
      expect(poolsOf(["--bridge", name, "--fixed-cidr", "192.168.176.0/24"], warnings)).toEqual([
        { subnet: "192.168.160.0/20", gateway: "192.168.160.88" },
        { subnet: "fd00:1::/60", gateway: "fd00:1::8888" },
      ]);
      expect(warnings).toEqual([expect.stringContaining("is outside any subnet implied by addresses")]);
      expect(() => poolsOf(["--bridge", name, "--fixed-cidr-v6", "fd00:2::/64"])).toThrow(
        "fixed-cidr-v6=fd00:2::/64 is outside any subnet implied by addresses",
      );
    }));

  test("without addresses the engine chooses", () =>
    withBridge([], () => {
      expect(poolsOf(["--bridge", name])).toEqual([]);
      expect(poolsOf(["--bridge", name, "--fixed-cidr", "192.168.176.0/24"])).toEqual([
        { subnet: "192.168.176.0/24", ipRange: "192.168.176.0/24" },
      ]);
      expect(() => poolsOf(["--bridge", name, "--bip6", "fd00::1/64"])).toThrow("You specified -b & --bip6");
    }));
});
