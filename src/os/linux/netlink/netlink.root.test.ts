import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { close, connect as connectSocket, send, socket } from "../libc.ts";
import { createNetworkNamespace, deleteNetworkNamespace, withNetworkNamespace } from "../namespace.ts";
import { Nftables } from "../nftables/mod.ts";
import { check } from "../syscall-error.ts";
import * as nl from "./mod.ts";

// All links are made in namespaces of the test's own, "outer" in the part of the host.
const directory = mkdtempSync(join(tmpdir(), "gantry-netlink-"));
const outerPath = join(directory, "outer");
const innerPath = join(directory, "inner");
const linksBefore = nl.withNetlink(undefined, nl.listLinks).map((link) => link.name);
// The first context makes the process keep some low descriptors for the next ones.
await Nftables.open().close();
const descriptorsBefore = readdirSync("/proc/self/fd").length;

let outer: nl.NetlinkSocket;
let inner: nl.NetlinkSocket;
let innerFd: number;

beforeEach(() => {
  createNetworkNamespace(outerPath);
  createNetworkNamespace(innerPath);
  innerFd = openSync(innerPath, "r");
  outer = nl.NetlinkSocket.open({ namespace: outerPath });
  inner = nl.NetlinkSocket.open({ namespace: innerFd });
});

afterEach(() => {
  outer.close();
  inner.close();
  closeSync(innerFd);
  deleteNetworkNamespace(outerPath);
  deleteNetworkNamespace(innerPath);
});

beforeAll(() => expect(process.getuid?.()).toBe(0));

afterAll(() => {
  rmSync(directory, { recursive: true });
  expect(nl.withNetlink(undefined, nl.listLinks).map((link) => link.name)).toEqual(linksBefore);
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(descriptorsBefore);
});

function indexOf(socket: nl.NetlinkSocket, name: string): number {
  const link = nl.findLink(socket, name);
  if (!link) throw new Error(`no link ${name}`);
  return link.index;
}

function addBridge(name: string): number {
  outer.execute(nl.addLink({ name, up: true }, { kind: "bridge", stp: false }));
  return indexOf(outer, name);
}

/** A container's network: a pair into the inner namespace, address, default route, all up. */
function connect(bridgeIndex: number, hostName: string): void {
  outer.execute(
    nl.addLink(
      { name: hostName, mtu: 1400, masterIndex: bridgeIndex, up: true },
      {
        kind: "veth",
        peer: { name: "eth0", mac: "02:42:ac:1e:00:02", mtu: 1400, namespace: { fd: innerFd } },
      },
    ),
    nl.changeBridgePort(hostName, { hairpin: true, isolated: true }),
  );
  nl.withNetlink(innerFd, (socket) => {
    const linkIndex = indexOf(socket, "eth0");
    socket.execute(
      nl.setLinkUp("lo"),
      nl.setLinkUp(linkIndex),
      nl.addAddress({ linkIndex, prefix: "172.30.0.2/16", broadcast: "172.30.255.255" }),
      nl.addAddress({ linkIndex, prefix: "fd00:30::2/64", noDad: true }),
      nl.addRoute({ destination: "default", gateway: "172.30.0.1" }),
      nl.addRoute({ destination: "default", gateway: "fd00:30::1", linkIndex }),
    );
  });
}

test("a veth pair appears whole in the other namespace", () => {
  const bridge = addBridge("br0");
  outer.execute(nl.addAddress({ linkIndex: bridge, prefix: "172.30.0.1/16" }));
  connect(bridge, "veth0");

  const near = nl.findLink(outer, "veth0")!;
  const far = nl.findLink(inner, "eth0")!;
  expect(near).toMatchObject({ type: "veth", mtu: 1400, masterIndex: bridge, up: true, lowerUp: true });
  expect(near.peerIndex).toBe(far.index);
  expect(near.peerNamespaceId).toBeNumber();
  expect(far).toMatchObject({ mac: "02:42:ac:1e:00:02", mtu: 1400, up: true, peerIndex: near.index });
  expect(nl.listLinks(outer).map((link) => link.name)).not.toContain("eth0");
  expect(near.bridgePort).toMatchObject({ hairpin: true, isolated: true, learning: true });
  expect(far.bridgePort).toBeUndefined();

  const addresses = nl.listAddresses(inner, { linkIndex: far.index });
  expect(addresses).toContainEqual(
    expect.objectContaining({
      address: "172.30.0.2",
      prefixLength: 16,
      broadcast: "172.30.255.255",
      label: "eth0",
    }),
  );
  expect(addresses).toContainEqual(
    expect.objectContaining({ address: "fd00:30::2", prefixLength: 64, tentative: false }),
  );
  expect(nl.listRoutes(inner, { family: nl.AF_INET, table: nl.ROUTE_TABLE.main })).toContainEqual(
    expect.objectContaining({ destination: "default", gateway: "172.30.0.1", linkIndex: far.index }),
  );
  expect(nl.listRoutes(inner, { family: nl.AF_INET6, table: nl.ROUTE_TABLE.main })).toContainEqual(
    expect.objectContaining({ destination: "default", gateway: "fd00:30::1" }),
  );
  expect(nl.getRoute(inner, "198.51.100.1")).toMatchObject({
    gateway: "172.30.0.1",
    preferredSource: "172.30.0.2",
  });
});

/** Sends one datagram from inside the inner namespace to a port of its loopback. */
function sendDatagram(port: number): void {
  const AF_INET = 2;
  const SOCK_DGRAM = 2;
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  const fd = withNetworkNamespace(innerFd, () => check("socket", socket(AF_INET, SOCK_DGRAM, 0)));
  try {
    check("connect", connectSocket(fd, address, address.length));
    check("send", send(fd, Buffer.from("x"), 1, 0));
  } finally {
    close(fd);
  }
}

test("tracked connections are found by their destination and forgotten", async () => {
  inner.execute(nl.setLinkUp("lo"));
  // The kernel tracks connections only where a rule asks for their state.
  await using rules = Nftables.open({ namespace: innerFd });
  await rules.run(
    "add table ip t; add chain ip t c { type filter hook output priority 0; }; add rule ip t c ct state new accept",
  );
  using tracker = nl.openConntrackSocket(innerPath);
  sendDatagram(5300);
  sendDatagram(5300);
  sendDatagram(5301);
  const udp = { family: nl.AF_INET, protocol: "udp" } as const;
  expect(await nl.listConnections(tracker, udp)).toHaveLength(3);
  const [found] = await nl.listConnections(tracker, {
    ...udp,
    destination: "127.0.0.1",
    destinationPort: 5301,
  });
  expect(found!.original).toMatchObject({
    source: "127.0.0.1",
    destination: "127.0.0.1",
    protocol: 17,
    destinationPort: 5301,
  });
  expect(found!.reply.sourcePort).toBe(5301);
  expect(await nl.deleteConnections(tracker, { ...udp, destination: "127.0.0.2" })).toBe(0);
  expect(await nl.deleteConnections(tracker, { family: nl.AF_INET, protocol: "tcp" })).toBe(0);
  expect(await nl.deleteConnections(tracker, { ...udp, destinationPort: 5300 })).toBe(2);
  expect(await nl.listConnections(tracker, { ...udp, replySourcePort: 5300 })).toEqual([]);
  expect(await nl.listConnections(tracker, udp)).toHaveLength(1);
});

test("links of every kind are made, changed, renamed and moved", () => {
  const bridge = addBridge("br0");
  outer.execute(
    nl.addLink({ name: "mv0" }, { kind: "macvlan", parentIndex: bridge, mode: "bridge" }),
    nl.addLink({ name: "ifbx" }, { kind: "ifb" }),
    nl.addLink(
      { name: "vx0", masterIndex: bridge },
      { kind: "vxlan", vni: 4097, port: 4789, local: "127.0.0.1", learning: false },
    ),
    nl.changeBridge(bridge, {
      ageingCentiseconds: 0,
      multicastSnooping: false,
      forwardDelayCentiseconds: 200,
    }),
  );
  expect(nl.findLink(outer, bridge)!.details).toEqual({
    kind: "bridge",
    forwardDelayCentiseconds: 200,
    stp: false,
    ageingCentiseconds: 0,
    vlanFiltering: false,
    multicastSnooping: false,
  });
  expect(nl.findLink(outer, "mv0")).toMatchObject({
    type: "macvlan",
    peerIndex: bridge,
    details: { kind: "macvlan", mode: "bridge" },
  });
  expect(nl.findLink(outer, "ifbx")!.type).toBe("ifb");
  expect(nl.findLink(outer, "vx0")!.details).toMatchObject({
    kind: "vxlan",
    vni: 4097,
    port: 4789,
    local: "127.0.0.1",
    learning: false,
  });

  const vxlan = indexOf(outer, "vx0");
  outer.execute(
    nl.changeLink(vxlan, {
      name: "vx1",
      alias: "tunnel",
      mtu: 1300,
      mac: "02:00:00:00:00:09",
      masterIndex: 0,
      promiscuous: true,
    }),
    nl.setLinkUp("vx1"),
  );
  const changed = nl.findLink(outer, "vx1")!;
  expect(changed).toMatchObject({
    index: vxlan,
    alias: "tunnel",
    mtu: 1300,
    mac: "02:00:00:00:00:09",
    masterIndex: undefined,
    up: true,
  });
  outer.execute(
    nl.setLinkUp("vx1", false),
    nl.changeLink(vxlan, { namespace: { fd: innerFd }, name: "tun0" }),
  );
  expect(nl.findLink(outer, "vx1")).toBeUndefined();
  expect(nl.findLink(inner, "tun0")).toMatchObject({ type: "vxlan", up: false });
  outer.execute(
    nl.addLink({ name: "v0" }, { kind: "veth", peer: { name: "v1", namespace: { pid: process.pid } } }),
  );
  expect(nl.withNetlink(undefined, (host) => nl.findLink(host, "v1"))?.type).toBe("veth");
  outer.execute(nl.deleteLink("v0"));
});

test("refusals carry the kernel's own words and the place in the batch", () => {
  const bridge = addBridge("br0");
  const attempt = () =>
    outer.execute(
      nl.addAddress({ linkIndex: bridge, prefix: "10.0.0.1/24" }),
      nl.addRoute({ destination: "10.9.0.0/16", gateway: "192.0.2.9", linkIndex: bridge }),
      nl.addAddress({ linkIndex: bridge, prefix: "10.0.1.1/24" }),
    );
  expect(attempt).toThrow(
    "add route 10.9.0.0/16 via 192.0.2.9: network is unreachable: Nexthop has invalid gateway",
  );
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(nl.NetlinkError);
    expect(error).toMatchObject({ code: "EEXIST", requestIndex: 0 });
  }
  expect(nl.listAddresses(outer, { linkIndex: bridge, family: nl.AF_INET })).toHaveLength(2);
  expect(() => outer.execute(nl.deleteLink("nothing"))).toThrow(/delete link nothing: no such device/);
  expect(() => outer.execute(nl.addLink({ name: "br0" }, { kind: "bridge" }))).toThrow("file exists");
  const doubled = [nl.addAddress({ linkIndex: bridge, prefix: "10.0.0.1/24" }), nl.setLinkUp(bridge)];
  expect(outer.executeIgnoring(["EEXIST"], doubled)).toBe(1);
});

test("addresses, routes, rules and neighbours are replaced and deleted", () => {
  const linkIndex = addBridge("br0");
  const address = { linkIndex, prefix: "10.0.0.1/24" };
  outer.execute(nl.replaceAddress(address), nl.replaceAddress(address));
  outer.execute(
    nl.addRoute({
      destination: "10.9.0.0/16",
      gateway: "203.0.113.1",
      linkIndex,
      onLink: true,
      table: 1234,
      metric: 5,
    }),
    nl.replaceRoute({
      destination: "10.9.0.0/16",
      gateway: "203.0.113.2",
      linkIndex,
      onLink: true,
      table: 1234,
      metric: 5,
    }),
    nl.addRoute({ destination: "10.8.0.0/16", type: "blackhole" }),
  );
  expect(nl.listRoutes(outer, { family: nl.AF_INET, table: 1234 })).toEqual([
    expect.objectContaining({ destination: "10.9.0.0/16", gateway: "203.0.113.2", onLink: true, metric: 5 }),
  ]);
  const rule = {
    family: nl.AF_INET,
    priority: 555,
    table: 1234,
    source: "10.0.0.0/8",
    mark: { value: 1, mask: 255 },
  } as const;
  outer.execute(nl.addRule(rule));
  expect(nl.listRules(outer, nl.AF_INET)).toContainEqual(rule);

  const neighbour = { linkIndex, address: "10.0.0.5", mac: "02:00:00:00:00:05" };
  outer.execute(nl.addNeighbour(neighbour), nl.replaceNeighbour({ ...neighbour, mac: "02:00:00:00:00:06" }));
  // The kernel has entries of its own for groups.
  const added = nl
    .listNeighbours(outer, { linkIndex, family: nl.AF_INET })
    .filter(({ permanent }) => permanent);
  expect(added).toEqual([
    expect.objectContaining({ address: "10.0.0.5", mac: "02:00:00:00:00:06", permanent: true }),
  ]);

  outer.execute(
    nl.deleteRule(rule),
    nl.deleteRoute({ destination: "10.9.0.0/16", table: 1234 }),
    nl.deleteRoute({ destination: "10.8.0.0/16", type: "blackhole" }),
    nl.deleteNeighbour(neighbour),
    nl.deleteAddress(address),
  );
  expect(nl.listRoutes(outer, { family: nl.AF_INET, table: 1234 })).toEqual([]);
  expect(nl.listRules(outer, nl.AF_INET)).not.toContainEqual(rule);
  expect(nl.listNeighbours(outer, { linkIndex, family: nl.AF_INET }).filter((n) => n.permanent)).toEqual([]);
  expect(nl.listAddresses(outer, { linkIndex, family: nl.AF_INET })).toEqual([]);
});

test("a vxlan link's forwarding table takes and loses tunnel ends", () => {
  outer.execute(nl.addLink({ name: "vx0" }, { kind: "vxlan", vni: 7, port: 4789, local: "127.0.0.1" }));
  const linkIndex = indexOf(outer, "vx0");
  const everyone = "00:00:00:00:00:00";
  outer.execute(
    nl.addForwarding({ linkIndex, mac: "02:00:00:00:00:07", destination: "192.0.2.7" }),
    nl.replaceForwarding({ linkIndex, mac: "02:00:00:00:00:07", destination: "192.0.2.8" }),
    nl.appendForwarding({ linkIndex, mac: everyone, destination: "192.0.2.7" }),
    nl.appendForwarding({ linkIndex, mac: everyone, destination: "192.0.2.8" }),
  );
  const entries = () => nl.listForwarding(outer, linkIndex).map((entry) => `${entry.mac} ${entry.address}`);
  expect(entries().sort()).toEqual([
    `${everyone} 192.0.2.7`,
    `${everyone} 192.0.2.8`,
    "02:00:00:00:00:07 192.0.2.8",
  ]);
  outer.execute(nl.deleteForwarding({ linkIndex, mac: everyone, destination: "192.0.2.7" }));
  expect(entries()).toHaveLength(2);
});

test("a large batch and a large dump come through whole", () => {
  const linkIndex = addBridge("br0");
  const prefixes = Array.from({ length: 1000 }, (_, i) => `10.5.${i >> 8}.${i & 255}/32`);
  outer.execute(...prefixes.map((prefix) => nl.addAddress({ linkIndex, prefix })));
  const found = nl.listAddresses(outer, { linkIndex, family: nl.AF_INET });
  expect(found.map((a) => `${a.address}/${a.prefixLength}`).sort()).toEqual(prefixes.sort());
});

test("settings of another namespace are read and written there", () => {
  const own = readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim();
  const other = own === "1" ? "0" : "1";
  nl.writeSysctls({ "net.ipv4.ip_forward": other }, innerPath);
  expect(nl.readSysctl("net.ipv4.ip_forward", innerFd)).toBe(other);
  expect(nl.readSysctl("net.ipv4.ip_forward")).toBe(own);
  expect(() => nl.readSysctl("net.ipv4.nothing")).toThrow("ENOENT");
});
