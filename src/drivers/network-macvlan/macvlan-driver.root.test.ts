import { afterEach, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { createNetworkNamespace, deleteNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { Ipam } from "../ipam/mod.ts";
import { InterfaceNames, NetworkSandboxes } from "../network-sandbox/mod.ts";
import { MacvlanDriver } from "./mod.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-macvlan-"));
const host = join(folder, "host");
const neighbour = join(folder, "neighbour");
const sandboxes = new NetworkSandboxes({ runRoot: folder });
const BOTH = { defaultRoute: { ipv4: true, ipv6: true } };
let driver: MacvlanDriver;

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
  driver = new MacvlanDriver({
    engineId: "e",
    ipam: new Ipam({ engineId: "e" }),
    interfaces: new InterfaceNames(),
    hostNamespace: host,
  });
});

afterEach(async () => {
  await driver.close();
  await sandboxes.removeOrphans(new Set());
  for (const path of [host, neighbour]) deleteNetworkNamespace(path);
  rmSync(folder, { recursive: true, force: true });
});

function network(options: Record<string, string>): NetworkRecord {
  return {
    id: newId(),
    name: "lan",
    driver: "macvlan",
    createdAt: "",
    enableIpv4: true,
    enableIpv6: false,
    internal: false,
    attachable: false,
    ingress: false,
    configOnly: false,
    configFrom: "",
    ipamDriver: "default",
    ipamOptions: {},
    pools: [{ subnet: "10.77.0.0/24" }],
    options,
    labels: {},
  };
}

async function start(planned: NetworkRecord) {
  const containerId = newId();
  const endpoint = await driver.allocateEndpoint(planned, {
    containerId,
    containerName: "c",
    aliases: [],
    links: [],
    dnsNames: [],
    driverOptions: {},
    gatewayPriority: 0,
    ports: [],
    exposedPorts: [],
  });
  const sandbox = await sandboxes.create(containerId);
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

test("parents and modes that make no sense are refused", async () => {
  await expect(driver.plan(network({ parent: "lan0", macvlan_mode: "x" }))).rejects.toThrow("is not valid");
  await expect(driver.plan(network({ parent: "lo" }))).rejects.toThrow("loopback");
  const missing = await driver.plan(network({ parent: "nothing" }));
  await expect(driver.createNetwork(missing)).rejects.toThrow("invalid subinterface vlan name nothing");
  await driver.deleteNetwork(missing);
  const taken = await driver.plan(network({ parent: "lan0" }));
  await driver.createNetwork(taken);
  await expect(driver.plan(network({ parent: "lan0" }))).rejects.toThrow(
    "already using parent interface lan0",
  );
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
