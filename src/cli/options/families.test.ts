import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseBpsDevice, parseIopsDevice, parseWeightDevice } from "./blkio.ts";
import { capabilities } from "./capabilities.ts";
import { splitCsv } from "./csv.ts";
import { deviceCgroupRule, parseDevices } from "./devices.ts";
import { parseGpus } from "./gpus.ts";
import { parseHealth } from "./health.ts";
import { dnsSearch, dnsServer, extraHost, link } from "./hosts.ts";
import { parseIpam } from "./ipam.ts";
import { environment, environmentValue, labels } from "./key-values.ts";
import { parseCpus, parseRestartPolicy } from "./limits.ts";
import { parseNetwork, parseNetworks } from "./networks.ts";
import { parseSecurityOptions, sysctl } from "./security.ts";
import { mergeUlimits, parseUlimit } from "./ulimits.ts";
import { parseTmpfs, parseVolumes } from "./volumes.ts";

function withFile<T>(text: string, work: (path: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "gantry-cli-"));
  try {
    writeFileSync(join(dir, "file"), text);
    return work(join(dir, "file"));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe("volumes", () => {
  test("binds, named and anonymous volumes", () => {
    expect(parseVolumes(["/a:/b:ro", "./d:/c", "vol:/x", "/anon", "/anon"])).toEqual({
      binds: ["/a:/b:ro", `${resolve("./d")}:/c`, "vol:/x"],
      anonymous: { "/anon": {} },
    });
    expect(() => parseVolumes([""])).toThrow("invalid empty volume spec");
  });

  test("tmpfs", () => {
    expect(parseTmpfs(["/x:size=1m,mode=7", "/y"])).toEqual({ "/x": "size=1m,mode=7", "/y": "" });
  });
});

describe("environment", () => {
  test("a file, then values; names alone from the environment", () => {
    withFile("\ufeffA=1\n# note\n\n  B=x y\r\nFOO\nNOPE\n", (path) => {
      const env = { FOO: "bar" };
      expect(environment([path], [environmentValue("FOO", env), environmentValue("GONE", env)], env)).toEqual(
        ["A=1", "B=x y", "FOO=bar", "FOO=bar", "GONE"],
      );
    });
    withFile("a b=1\n", (path) =>
      expect(() => environment([path], [], {})).toThrow("variable 'a b' contains whitespaces"),
    );
    expect(() => environment(["/nonexistent/x"], [], {})).toThrow(
      "open /nonexistent/x: no such file or directory",
    );
    expect(() => environmentValue("=x")).toThrow("invalid environment variable: =x");
  });

  test("labels", () => {
    withFile("a=1\nb\n", (path) => expect(labels([path], ["a=2", "c"])).toEqual({ a: "2", c: "" }));
  });
});

describe("limits", () => {
  test("cpus", () => {
    expect([parseCpus("1.5"), parseCpus("0.000000001"), parseCpus("1/2")]).toEqual([1.5e9, 1, 5e8]);
    expect(() => parseCpus("1.0000000001")).toThrow("value is too precise");
    expect(() => parseCpus("x")).toThrow("failed to parse x as a rational number");
  });

  test("restart policies", () => {
    expect(parseRestartPolicy("on-failure:3")).toEqual({ Name: "on-failure", MaximumRetryCount: 3 });
    expect(() => parseRestartPolicy("on-failure:x")).toThrow("maximum retry count must be an integer");
    expect(() => parseRestartPolicy(":3")).toThrow("no policy provided before colon");
  });

  test("ulimits", () => {
    const limits = ["nofile=10:20", "core=-1", "nofile=5"].map(parseUlimit);
    expect(mergeUlimits(limits)).toEqual([
      { Name: "core", Soft: -1, Hard: -1 },
      { Name: "nofile", Soft: 5, Hard: 5 },
    ]);
    expect(() => parseUlimit("foo=1")).toThrow("invalid ulimit type: foo");
    expect(() => parseUlimit("nofile=20:10")).toThrow(
      "ulimit soft limit must be less than or equal to hard limit: 20 > 10",
    );
  });

  test("block devices", () => {
    expect(parseWeightDevice("/dev/sda:200")).toEqual({ Path: "/dev/sda", Weight: 200 });
    expect(parseBpsDevice("/dev/sda:1mb")).toEqual({ Path: "/dev/sda", Rate: 1 << 20 });
    expect(parseIopsDevice("/dev/sda:5")).toEqual({ Path: "/dev/sda", Rate: 5 });
    expect(() => parseWeightDevice("sda:1")).toThrow("bad format for device path: sda:1");
    expect(() => parseIopsDevice("/dev/sda:x")).toThrow("invalid rate for device: /dev/sda:x.");
  });
});

describe("devices", () => {
  test("paths, modes and CDI names", () => {
    expect(parseDevices(["/dev/null", "/dev/zero:/dev/z:r", "/dev/full:rw", "vendor.com/class=dev"])).toEqual(
      {
        mappings: [
          { PathOnHost: "/dev/null", PathInContainer: "/dev/null", CgroupPermissions: "rwm" },
          { PathOnHost: "/dev/zero", PathInContainer: "/dev/z", CgroupPermissions: "r" },
          { PathOnHost: "/dev/full", PathInContainer: "/dev/full", CgroupPermissions: "rw" },
        ],
        requests: [{ Driver: "cdi", DeviceIDs: ["vendor.com/class=dev"] }],
      },
    );
    expect(() => parseDevices(["null"])).toThrow("null is not an absolute path");
    expect(deviceCgroupRule("c 1:3 rwm")).toBe("c 1:3 rwm");
    expect(() => deviceCgroupRule("bad")).toThrow("invalid device cgroup format 'bad'");
  });

  test("gpus", () => {
    expect(parseGpus("all")).toMatchObject({ Count: -1, Capabilities: [["gpu"]] });
    expect(parseGpus('"device=0,1",driver=nvidia')).toMatchObject({
      Count: 0,
      DeviceIDs: ["0", "1"],
      Driver: "nvidia",
    });
    expect(() => parseGpus("foo=1")).toThrow("unexpected key 'foo' in 'foo=1'");
  });
});

describe("health", () => {
  const none = {
    "health-cmd": "",
    "health-interval": 0,
    "health-timeout": 0,
    "health-start-period": 0,
    "health-start-interval": 0,
    "health-retries": 0,
    "no-healthcheck": false,
  };
  test("checks", () => {
    expect(parseHealth(none)).toBeUndefined();
    expect(parseHealth({ ...none, "no-healthcheck": true })).toEqual({ Test: ["NONE"] });
    expect(parseHealth({ ...none, "health-cmd": "x", "health-interval": 5e9 })).toEqual({
      Test: ["CMD-SHELL", "x"],
      Interval: 5e9,
    });
    expect(() => parseHealth({ ...none, "health-interval": -1 })).toThrow(
      "--health-interval cannot be negative",
    );
    expect(() => parseHealth({ ...none, "health-cmd": "x", "no-healthcheck": true })).toThrow(
      "--no-healthcheck conflicts",
    );
  });
});

describe("networks", () => {
  const flags = { "network-alias": [], link: [], "link-local-ip": [], ip: "", ip6: "", "mac-address": "" };
  test("a name alone leaves the endpoint to the engine", () => {
    expect(parseNetworks([parseNetwork("foo")], flags)).toEqual({ mode: "foo", endpoints: {} });
    expect(parseNetworks([], flags)).toEqual({ mode: "default", endpoints: { default: {} } });
  });

  test("the long form, and flags on the first network only", () => {
    const networks = ["name=foo,driver-opt=a=b,gw-priority=3", "bar"].map(parseNetwork);
    expect(parseNetworks(networks, { ...flags, ip: "1.2.3.4", "network-alias": ["x"] }).endpoints).toEqual({
      foo: { IPAMConfig: { IPv4Address: "1.2.3.4" }, Aliases: ["x"], DriverOpts: { a: "b" }, GwPriority: 3 },
      bar: {},
    });
  });

  test.each([
    [
      ["foo", "host"],
      {},
      "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
    ],
    [["foo", "foo"], {}, 'network "foo" is specified multiple times'],
    [
      ["host"],
      { "network-alias": ["x"] },
      "network-scoped aliases are only supported for user-defined networks",
    ],
    [
      ["name=foo,ip=1.2.3.4"],
      { ip: "1.2.3.5" },
      "conflicting options: cannot specify both --ip and per-network IPv4 address",
    ],
  ])("%j with %j is refused", (names, more, message) => {
    expect(() => parseNetworks(names.map(parseNetwork), { ...flags, ...more })).toThrow(message);
  });

  test("pools", () => {
    const ipam = {
      subnet: ["10.0.0.0/24", "fd00::/64"],
      "ip-range": ["10.0.0.0/25"],
      gateway: ["fd00::1"],
      "aux-address": { a: "10.0.0.5" },
    };
    expect(parseIpam(ipam)).toEqual([
      { Subnet: "10.0.0.0/24", IPRange: "10.0.0.0/25", AuxiliaryAddresses: { a: "10.0.0.5" } },
      { Subnet: "fd00::/64", Gateway: "fd00::1" },
    ]);
    expect(() => parseIpam({ ...ipam, gateway: ["11.0.0.1"] })).toThrow(
      "no matching subnet for gateway 11.0.0.1",
    );
    expect(() => parseIpam({ ...ipam, subnet: ["10.0.0.0/24", "10.0.0.128/25"] })).toThrow(
      "overlapping subnet",
    );
  });
});

describe("hosts", () => {
  test("extra hosts, servers, domains, links", () => {
    expect(["a:1.2.3.4", "b=::1", "c:[::1]", "d:host-gateway"].map(extraHost)).toEqual([
      "a:1.2.3.4",
      "b:::1",
      "c:::1",
      "d:host-gateway",
    ]);
    expect(() => extraHost("foo")).toThrow('bad format for add-host: "foo"');
    expect(() => dnsServer("foo")).toThrow("IP address is not correctly formatted: foo");
    expect(dnsSearch("a.b")).toBe("a.b");
    expect(() => dnsSearch("a b")).toThrow("a b is not a valid domain");
    expect(() => link("a:b:c")).toThrow("bad format for links: a:b:c");
  });
});

describe("security", () => {
  test("a profile is put in place of its file", () => {
    withFile('{ "defaultAction": "SCMP_ACT_ALLOW" }\n', (path) => {
      expect(
        parseSecurityOptions([`seccomp=${path}`, "no-new-privileges", "systempaths=unconfined"]),
      ).toEqual({
        options: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}', "no-new-privileges"],
        maskedPaths: [],
        readonlyPaths: [],
      });
    });
    expect(() => parseSecurityOptions(["foo"])).toThrow('Invalid --security-opt: "foo"');
    expect(() => sysctl("foo=1")).toThrow("sysctl 'foo=1' is not allowed");
  });

  test("capabilities", () => {
    expect(capabilities(["net_admin", "CAP_NET_ADMIN"], ["NET_RAW", "net_admin"])).toEqual({
      CapAdd: ["CAP_NET_ADMIN"],
      CapDrop: ["CAP_NET_RAW"],
    });
    expect(capabilities(["x", "all"], [])).toEqual({ CapAdd: ["ALL"], CapDrop: null });
  });
});

test("csv", () => {
  expect(splitCsv('a,"b,""c""",')).toEqual(["a", 'b,"c"', ""]);
  expect(() => splitCsv('a"b')).toThrow('bare " in non-quoted-field');
});
