import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleEndpointRequest, sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { createNetworkNamespace, deleteNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { Ipam } from "../ipam/mod.ts";
import { InterfaceNames, NetworkSandboxes } from "../network-sandbox/mod.ts";
import { ipvlan, macvlan, ParentLinkDriver } from "./mod.ts";
import type { ParentLinkKind } from "./parent-link-settings.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-parent-link-"));
const host = join(folder, "host");
const neighbour = join(folder, "neighbour");
const sandboxes = new NetworkSandboxes({ runRoot: folder });
const BOTH = { defaultRoute: { ipv4: true, ipv6: true } };
let driver: ParentLinkDriver;

function hasIpvlan(): boolean {
  using socket = nl.NetlinkSocket.open();
  return nl.canMakeLinks(socket, "ipvlan");
}

beforeEach(() => {
  createNetworkNamespace(host);
  createNetworkNamespace(neighbour);
  const fd = openSync(neighbour, "r");
  nl.withNetlink(host, (socket) =>
    socket.execute(
      nl.addLink({ name: "lan0", up: true }, { kind: "veth", peer: { name: "lan0", namespace: { fd } } }),
    ),
  );
  closeSync(fd);
  nl.withNetlink(neighbour, (socket) =>
    socket.execute(
      nl.setLinkUp("lan0"),
      nl.addAddress({ linkIndex: nl.findLink(socket, "lan0")!.index, prefix: "10.77.0.200/24" }),
    ),
  );
  driver = newDriver(macvlan);
});

function newDriver(kind: ParentLinkKind): ParentLinkDriver {
  const ipam = new Ipam({ engineId: "e" });
  return new ParentLinkDriver({
    kind,
    engineId: "e",
    ipam,
    interfaces: new InterfaceNames(),
    hostNamespace: host,
  });
}

afterEach(async () => {
  await driver.close();
  await sandboxes.removeOrphans(new Set());
  for (const path of [host, neighbour]) deleteNetworkNamespace(path);
  rmSync(folder, { recursive: true, force: true });
});

function network(options: Record<string, string>): NetworkRecord {
  return sampleNetwork({ driver: driver.name, pools: [{ subnet: "10.77.0.0/24" }], options });
}

async function start(planned: NetworkRecord, macAddress?: string) {
  const request = sampleEndpointRequest("c", macAddress === undefined ? {} : { macAddress });
  const endpoint = await driver.allocateEndpoint(planned, request);
  const sandbox = await sandboxes.create(request.containerId);
  await driver.join(planned, endpoint, sandbox, BOTH);
  return { endpoint, sandbox };
}

function reaches(from: string, address: string): boolean {
  try {
    execFileSync("nsenter", [`--net=${from}`, "busybox", "ping", "-c1", "-W2", address], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("containers are neighbours on the parent's cable, and leave nothing", async () => {
  const planned = await driver.plan(network({ parent: "lan0" }));
  await driver.createNetwork(planned);
  const one = await start(planned);
  const two = await start(planned);
  expect(reaches(one.sandbox.path, "10.77.0.200")).toBe(true);
  expect(reaches(neighbour, two.endpoint.ipv4Address)).toBe(true);
  expect(reaches(one.sandbox.path, two.endpoint.ipv4Address)).toBe(true);
  // A second time replaces the link of the first.
  await driver.join(planned, one.endpoint, one.sandbox, BOTH);
  expect(reaches(one.sandbox.path, "10.77.0.200")).toBe(true);
  await driver.leave(planned, one.endpoint, one.sandbox);
  expect(nl.withNetlink(one.sandbox.path, nl.listLinks).map(({ name }) => name)).toEqual(["lo"]);
  await driver.deleteNetwork(planned);
});

test("containers of a private network do not see each other", async () => {
  const planned = await driver.plan(network({ parent: "lan0", macvlan_mode: "private" }));
  await driver.createNetwork(planned);
  const one = await start(planned);
  const two = await start(planned);
  expect(reaches(one.sandbox.path, "10.77.0.200")).toBe(true);
  expect(reaches(one.sandbox.path, two.endpoint.ipv4Address)).toBe(false);
});

test("parents that make no sense are refused, and macvlan networks share one", async () => {
  await expect(driver.plan(network({ parent: "lo" }))).rejects.toThrow("loopback");
  const missing = await driver.plan(network({ parent: "nothing" }));
  await expect(driver.createNetwork(missing)).rejects.toThrow("invalid subinterface vlan name nothing");
  await driver.deleteNetwork(missing);
  const absent = await driver.plan(network({ parent: "nothing.1" }));
  await expect(driver.createNetwork(absent)).rejects.toThrow(
    "-o parent interface was not found on the host: nothing",
  );
  await driver.deleteNetwork(absent);
  const first = await driver.plan(network({ parent: "lan0" }));
  await driver.createNetwork(first);
  const second = await driver.plan({ ...network({ parent: "lan0" }), pools: [{ subnet: "10.78.0.0/24" }] });
  await driver.createNetwork(second);
  const alone = await driver.plan({
    ...network({ parent: "lan0", macvlan_mode: "passthru" }),
    pools: [{ subnet: "10.79.0.0/24" }],
  });
  await expect(driver.createNetwork(alone)).rejects.toThrow("already using parent interface lan0");
});

test("an internal network and one without a parent have no gateway", async () => {
  for (const each of [{ ...network({ parent: "lan0" }), internal: true }, network({})]) {
    const planned = await driver.plan(each);
    expect(planned.pools).toEqual([{ subnet: "10.77.0.0/24" }]);
    await driver.deleteNetwork(planned);
  }
});

test("a sub-interface is made where the kernel has VLANs and refused where not", async () => {
  const planned = await driver.plan(network({ parent: "lan0.42" }));
  let made = true;
  try {
    await driver.createNetwork(planned);
  } catch (error) {
    expect(String(error)).toContain("the kernel has no VLANs");
    made = false;
  }
  expect(nl.withNetlink(host, nl.listLinks).some(({ name }) => name === "lan0.42")).toBe(made);
  await driver.deleteNetwork(planned);
  expect(nl.withNetlink(host, nl.listLinks).some(({ name }) => name === "lan0.42")).toBe(false);
});

test("a network without a parent has a link of its own where the kernel has dummies, and is refused where not", async () => {
  const planned = await driver.plan(network({}));
  const dummy = `dm-${planned.id.slice(0, 12)}`;
  const has = () => nl.withNetlink(host, nl.listLinks).some(({ name }) => name === dummy);
  let made = true;
  try {
    await driver.createNetwork(planned);
  } catch (error) {
    made = false;
    expect((error as Error).message).toContain("the kernel has no dummy links");
  }
  expect(has()).toBe(made);
  await driver.deleteNetwork(planned);
  expect(has()).toBe(false);
});

test.skipIf(hasIpvlan())("a kernel without ipvlan links is told of when a network is made", async () => {
  driver = newDriver(ipvlan);
  for (const options of [{ parent: "lan0" }, {}]) {
    const planned = await driver.plan(network(options));
    await expect(driver.createNetwork(planned)).rejects.toThrow(
      "failed to create the ipvlan port: operation not supported: the kernel has no ipvlan links",
    );
    await driver.deleteNetwork(planned);
  }
  expect(nl.withNetlink(host, nl.listLinks).map(({ name }) => name)).toEqual(["lo", "lan0"]);
});

/** The default route of a sandbox: `dev`, a gateway, or undefined where it has none. */
function wayOut(sandboxPath: string): string | undefined {
  const routes = nl.withNetlink(sandboxPath, (socket) => nl.listRoutes(socket, { family: nl.AF_INET }));
  const found = routes.find(({ destination }) => destination === "default");
  return found && (found.gateway ?? "dev");
}

describe.skipIf(!hasIpvlan())("on a kernel with ipvlan links", () => {
  beforeEach(() => {
    driver = newDriver(ipvlan);
  });

  async function create(options: Record<string, string>): Promise<NetworkRecord> {
    const planned = await driver.plan(network({ parent: "lan0", ...options }));
    await driver.createNetwork(planned);
    return planned;
  }

  test.each(["l2", "l3", "l3s"])(
    "containers reach each other in mode %s, and leave nothing",
    async (mode) => {
      const planned = await create({ ipvlan_mode: mode });
      const one = await start(planned);
      const two = await start(planned);
      expect(one.endpoint.macAddress).toBe("");
      expect(one.endpoint.ipv4Gateway).toBe(mode === "l2" ? "10.77.0.1" : "");
      expect(wayOut(one.sandbox.path)).toBe(mode === "l2" ? "10.77.0.1" : "dev");
      expect(reaches(one.sandbox.path, two.endpoint.ipv4Address)).toBe(true);
      if (mode === "l2") expect(reaches(one.sandbox.path, "10.77.0.200")).toBe(true);
      const [link] = nl
        .withNetlink(one.sandbox.path, nl.listLinks)
        .filter(({ name }) => name === one.endpoint.interfaceName);
      expect(link!.details).toEqual({ kind: "ipvlan", mode: mode as nl.IpvlanMode, flag: "bridge" });
      // Another network of the container takes the default route over, and gives it back.
      const none = { defaultRoute: { ipv4: false, ipv6: false } };
      await driver.adjust(planned, one.endpoint, one.endpoint, one.sandbox, none);
      expect(wayOut(one.sandbox.path)).toBeUndefined();
      await driver.adjust(planned, one.endpoint, one.endpoint, one.sandbox, BOTH);
      expect(wayOut(one.sandbox.path)).toBe(mode === "l2" ? "10.77.0.1" : "dev");
      // A second time replaces the link of the first.
      await driver.join(planned, one.endpoint, one.sandbox, BOTH);
      expect(reaches(one.sandbox.path, two.endpoint.ipv4Address)).toBe(true);
      await driver.leave(planned, one.endpoint, one.sandbox);
      expect(nl.withNetlink(one.sandbox.path, nl.listLinks).map(({ name }) => name)).toEqual(["lo"]);
    },
  );

  test("containers of a private network do not see each other", async () => {
    const planned = await create({ ipvlan_flag: "private" });
    const one = await start(planned);
    const two = await start(planned);
    expect(reaches(one.sandbox.path, "10.77.0.200")).toBe(true);
    expect(reaches(one.sandbox.path, two.endpoint.ipv4Address)).toBe(false);
  });

  test("a parent that another network has, and hardware addresses, are refused", async () => {
    const planned = await create({});
    const second = await driver.plan({ ...network({ parent: "lan0" }), pools: [{ subnet: "10.78.0.0/24" }] });
    await expect(driver.createNetwork(second)).rejects.toThrow(
      `network di-${planned.id.slice(0, 12)} is already using parent interface lan0`,
    );
    await expect(start(planned, "02:00:00:00:00:01")).rejects.toThrow(
      "failed to create endpoint c on network lan: ipvlan interfaces do not support custom mac address assignment",
    );
  });

  test("a link that carries macvlan networks is refused by the kernel, and that is told", async () => {
    const macvlans = newDriver(macvlan);
    const taken = await macvlans.plan(network({ parent: "lan0" }));
    await macvlans.createNetwork(taken);
    const planned = await create({});
    const { sandbox } = await start(planned);
    driver = macvlans;
    await expect(start(taken)).rejects.toThrow("failed to create the macvlan port: ");
    expect(nl.withNetlink(sandbox.path, nl.listLinks)).toHaveLength(2);
    await driver.close();
  });
});
