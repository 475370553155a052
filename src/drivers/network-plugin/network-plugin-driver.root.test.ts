import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../base/ids.ts";
import { silentLogger } from "../../base/logger.ts";
import { sampleEndpointRequest, sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { EndpointRequest } from "../../core/networks/network-record.ts";
import { createNetworkNamespace, deleteNetworkNamespace } from "../../os/linux/namespace.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { Ipam } from "../ipam/mod.ts";
import { InterfaceNames, NetworkSandboxes } from "../network-sandbox/mod.ts";
import { PluginClient } from "../plugin-client/mod.ts";
import { NetworkPlugin, NetworkPluginDriver } from "./mod.ts";

type Message = Readonly<Record<string, unknown>>;

let folder: string;
let host: string;
let sandboxes: NetworkSandboxes;
let server: Server;
let driver: NetworkPluginDriver;
/** What was asked, oldest first. */
let calls: Array<readonly [method: string, request: Message]>;
let answers: Record<string, object>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "gantry-network-plugin-"));
  host = join(folder, "host");
  sandboxes = new NetworkSandboxes({ runRoot: folder });
  createNetworkNamespace(host);
  calls = [];
  answers = {
    GetCapabilities: { Scope: "local" },
    CreateEndpoint: { Interface: { MacAddress: "02:00:00:00:00:07", AddressIPv6: "fd00::7/64" } },
    Join: {
      InterfaceName: { SrcName: "inner", DstPrefix: "net" },
      Gateway: "10.77.0.1",
      GatewayIPv6: "fd00::1",
      StaticRoutes: [
        { Destination: "198.51.100.0/24", RouteType: 0, NextHop: "10.77.0.9" },
        { Destination: "203.0.113.0/24", RouteType: 1 },
      ],
    },
    EndpointOperInfo: {
      Value: { "com.docker.network.portmap": [{ Proto: 6, Port: 80, HostIP: "0.0.0.0", HostPort: 8080 }] },
    },
  };
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const method = request.url!.replace("/NetworkDriver.", "");
    calls.push([method, text === "" ? {} : JSON.parse(text)]);
    response.end(JSON.stringify(answers[method] ?? {}));
  });
  const socketPath = join(folder, "p.sock");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const plugin = { name: "p", address: `unix://${socketPath}` };
  const client = new PluginClient({ plugin, retryForMs: 0, logger: silentLogger });
  driver = new NetworkPluginDriver({
    plugin: new NetworkPlugin("p", async () => client),
    ipam: new Ipam({ engineId: "e" }),
    interfaces: new InterfaceNames(),
    logger: silentLogger,
    hostNamespace: host,
  });
});

afterEach(async () => {
  server.close();
  await sandboxes.removeOrphans(new Set());
  deleteNetworkNamespace(host);
  rmSync(folder, { recursive: true, force: true });
});

const BOTH = { defaultRoute: { ipv4: true, ipv6: true } };
const network = sampleNetwork({
  driver: "p",
  pools: [{ subnet: "10.77.0.0/24" }],
  options: { k: "v" },
});

function requestOf(containerId: string): EndpointRequest {
  const port = { protocol: "tcp" as const, containerPort: 80, hostIp: "", hostPort: 8080, hostPortEnd: 8080 };
  return sampleEndpointRequest("c", {
    containerId,
    driverOptions: { own: "option" },
    ports: [port],
    exposedPorts: ["53/udp"],
  });
}

function addLink(): void {
  nl.withNetlink(host, (socket) =>
    socket.execute(nl.addLink({ name: "outer", up: true }, { kind: "veth", peer: { name: "inner" } })),
  );
}

const linksIn = (path: string) =>
  nl
    .withNetlink(path, (socket) => nl.listLinks(socket).map(({ name }) => name))
    .filter((name) => name !== "lo");

test("a plug-in's link becomes the container's, with all that the plug-in says of it, and goes back", async () => {
  addLink();
  const planned = await driver.plan(network);
  await driver.createNetwork(planned);
  const containerId = newId();
  const allocated = await driver.allocateEndpoint(planned, requestOf(containerId));
  expect(allocated).toMatchObject({ ipv4Address: "10.77.0.2", ipv6Address: "fd00::7", ipv6PrefixLength: 64 });
  const sandbox = await sandboxes.create(containerId);
  const joined = await driver.join(planned, allocated, sandbox, BOTH);
  expect(joined).toMatchObject({
    interfaceName: "net0",
    hostInterfaceName: "inner",
    macAddress: "02:00:00:00:00:07",
    ipv4Gateway: "10.77.0.1",
    ipv6Gateway: "fd00::1",
    ports: [{ protocol: "tcp", containerPort: 80, hostIp: "0.0.0.0", hostPort: 8080 }],
  });
  expect(linksIn(host)).toEqual(["outer"]);
  nl.withNetlink(sandbox.path, (socket) => {
    const { index, mac, up } = nl.findLink(socket, "net0")!;
    expect([mac, up]).toEqual(["02:00:00:00:00:07", true]);
    const routes = nl.listRoutes(socket, { family: nl.AF_INET, linkIndex: index });
    expect(routes.map(({ destination, gateway }) => [destination, gateway])).toEqual(
      expect.arrayContaining([
        ["default", "10.77.0.1"],
        ["198.51.100.0/24", "10.77.0.9"],
        ["203.0.113.0/24", undefined],
      ]),
    );
    const six = nl.listRoutes(socket, { family: nl.AF_INET6, linkIndex: index });
    expect(six.some(({ destination, gateway }) => destination === "default" && gateway === "fd00::1")).toBe(
      true,
    );
  });
  await driver.adjust(planned, joined, joined, sandbox, { defaultRoute: { ipv4: false, ipv6: false } });
  await driver.leave(planned, joined, sandbox);
  await driver.releaseEndpoint(planned, joined);
  await driver.deleteNetwork(planned);
  expect(linksIn(host).sort()).toEqual(["inner", "outer"]);
  expect(linksIn(sandbox.path)).toEqual([]);
  expect(calls.map(([method]) => method)).toEqual([
    "GetCapabilities",
    "CreateNetwork",
    "CreateEndpoint",
    "Join",
    "ProgramExternalConnectivity",
    "EndpointOperInfo",
    "RevokeExternalConnectivity",
    "Leave",
    "DeleteEndpoint",
    "DeleteNetwork",
  ]);
  const said = Object.fromEntries(calls);
  expect(said["CreateNetwork"]).toEqual({
    NetworkID: network.id,
    Options: {
      "com.docker.network.enable_ipv4": true,
      "com.docker.network.enable_ipv6": false,
      "com.docker.network.generic": { k: "v" },
    },
    IPv4Data: [{ AddressSpace: "", Pool: "10.77.0.0/24", Gateway: "10.77.0.1/24" }],
    IPv6Data: [],
  });
  const ports = {
    "com.docker.network.portmap": [
      { Proto: 6, IP: "", Port: 80, HostIP: "", HostPort: 8080, HostPortEnd: 8080 },
    ],
    "com.docker.network.endpoint.exposedports": [{ Proto: 17, Port: 53 }],
  };
  const name = { NetworkID: network.id, EndpointID: allocated.id };
  expect(said["CreateEndpoint"]).toEqual({
    ...name,
    Interface: { Address: "10.77.0.2/24", AddressIPv6: "", MacAddress: "" },
    Options: { own: "option", ...ports },
  });
  expect(said["Join"]).toEqual({ ...name, SandboxKey: sandbox.path, Options: ports });
});

test.each([
  ["a link that is not there", { InterfaceName: { SrcName: "none", DstPrefix: "net" } }, "Link not found"],
  ["a gateway of another family", { Gateway: "fd00::1" }, 'unable to parse Gateway "fd00::1"'],
  ["a route to nowhere", { StaticRoutes: [{ Destination: "x", RouteType: 1 }] }, "invalid CIDR address: x"],
  ["a route by nobody", { StaticRoutes: [{ Destination: "10.0.0.0/8" }] }, "failed to parse nexthop IP "],
  ["a gateway that cannot be reached", { Gateway: "192.0.2.1" }, "unreachable"],
  [
    "a long name",
    { InterfaceName: { SrcName: "inner", DstPrefix: "abcdefghijklm" } },
    "invalid interface name",
  ],
])("%s is refused, and everything is as before", async (_what, join, message) => {
  addLink();
  answers["Join"] = { InterfaceName: { SrcName: "inner", DstPrefix: "net" }, ...join };
  const planned = await driver.plan(network);
  const containerId = newId();
  const allocated = await driver.allocateEndpoint(planned, requestOf(containerId));
  const sandbox = await sandboxes.create(containerId);
  await expect(driver.join(planned, allocated, sandbox, BOTH)).rejects.toThrow(message);
  expect(linksIn(host).sort()).toEqual(["inner", "outer"]);
  expect(linksIn(sandbox.path)).toEqual([]);
  expect(calls.at(-1)![0]).toBe("Leave");
});
