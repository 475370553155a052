import { expect, test } from "bun:test";
import { sampleEndpointRequest } from "../../core/networks/network-record.fixture.ts";
import type { ReachedPort } from "../../core/networks/network-record.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import {
  bed,
  HOST_ADDRESS,
  host,
  makeNetwork,
  NEIGHBOUR_ADDRESS,
  NEIGHBOUR_ADDRESS6,
  neighbour,
  newDriver,
  publish,
  sandboxes,
  start,
  stop,
  tableText,
  useTestbed,
} from "./bridge-testbed.testing.ts";
import { call, EchoServer } from "./traffic.testing.ts";

useTestbed();

const BRIDGE = "com.docker.network.bridge";
const bridgeOptions = (options: Record<string, string>) =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [`${BRIDGE}.${key}`, value]));

test("a routed network has no address of the host: its published ports are open at the container's own", async () => {
  const network = await makeNetwork("routed", {
    enableIpv6: true,
    options: bridgeOptions({ gateway_mode_ipv4: "routed", gateway_mode_ipv6: "routed" }),
  });
  const web = await start(network, "web", [publish(8080, 80)]);
  const elsewhere = await start(await makeNetwork("elsewhere"), "elsewhere");
  const { ipv4Address, ipv6Address, ports } = web.endpoint;
  expect(ports.map(({ hostIp, hostPort }) => [hostIp, hostPort])).toEqual([
    ["0.0.0.0", 0],
    ["::", 0],
  ]);
  await using _open = await EchoServer.start(web.sandbox.path, 80, "::");
  await using _closed = await EchoServer.start(web.sandbox.path, 81, "::");
  await using _outside = await EchoServer.start(neighbour, 7000, "::");
  expect(await call(neighbour, "tcp", ipv4Address, 80)).toBe(`::ffff:${NEIGHBOUR_ADDRESS}`);
  expect(await call(neighbour, "tcp", ipv6Address, 80)).toBe(NEIGHBOUR_ADDRESS6);
  expect(await call(elsewhere.sandbox.path, "tcp", ipv4Address, 80)).not.toBe("timeout");
  expect(await call(neighbour, "tcp", HOST_ADDRESS, 8080)).toBe("ECONNREFUSED");
  // What leaves carries the container's own address.
  expect(await call(web.sandbox.path, "tcp", NEIGHBOUR_ADDRESS, 7000)).toBe(`::ffff:${ipv4Address}`);
  for (const address of [ipv4Address, ipv6Address]) {
    expect(await call(neighbour, "tcp", address, 81)).toBe("timeout");
    expect(await call(neighbour, "udp", address, 80)).toBe("timeout");
  }
  await bed.driver.leave(network, web.endpoint, web.sandbox);
  expect(await tableText()).not.toContain(`${ipv4Address} . tcp . 80`);
}, 20_000);

test("nat-unprotected opens every port at the container's own address, allowed direct routing the published ones", async () => {
  const open = await makeNetwork("open", {
    options: bridgeOptions({ gateway_mode_ipv4: "nat-unprotected" }),
  });
  const web = await start(open, "web", [publish(8080, 80)]);
  await using _web = await EchoServer.start(web.sandbox.path, 80);
  await using _other = await EchoServer.start(web.sandbox.path, 81);
  for (const port of [80, 81]) {
    expect(await call(neighbour, "tcp", web.endpoint.ipv4Address, port)).toBe(NEIGHBOUR_ADDRESS);
  }
  expect(await call(neighbour, "tcp", HOST_ADDRESS, 8080)).toBe(NEIGHBOUR_ADDRESS);
  await bed.driver.close();

  bed.driver = newDriver({ allowDirectRouting: true });
  await bed.driver.reconcile([]);
  const usual = await makeNetwork("usual");
  const shop = await start(usual, "shop", [publish(8090, 90)]);
  await using _shop = await EchoServer.start(shop.sandbox.path, 90);
  await using _back = await EchoServer.start(shop.sandbox.path, 91);
  expect(await call(neighbour, "tcp", shop.endpoint.ipv4Address, 90)).toBe(NEIGHBOUR_ADDRESS);
  expect(await call(neighbour, "tcp", shop.endpoint.ipv4Address, 91)).toBe("timeout");
}, 20_000);

test("an isolated network leaves the host out", async () => {
  const network = await makeNetwork("isolated", {
    internal: true,
    enableIpv6: true,
    options: bridgeOptions({
      name: "br-alone",
      gateway_mode_ipv4: "isolated",
      gateway_mode_ipv6: "isolated",
    }),
  });
  expect(network.pools.map(({ gateway }) => gateway)).toEqual([undefined, undefined]);
  const one = await start(network, "one");
  const two = await start(network, "two");
  expect(one.endpoint).toMatchObject({ ipv4Gateway: "", ipv6Gateway: "" });
  await using _one = await EchoServer.start(one.sandbox.path, 80, "::");
  await using _host = await EchoServer.start(host, 9000, "::");
  expect(await call(two.sandbox.path, "tcp", one.endpoint.ipv4Address, 80)).toContain(
    two.endpoint.ipv4Address,
  );
  expect(await call(two.sandbox.path, "tcp", one.endpoint.ipv6Address, 80)).toBe(two.endpoint.ipv6Address);
  const addresses = nl.withNetlink(host, (socket) => {
    const { index } = nl.findLink(socket, "br-alone")!;
    return nl.listAddresses(socket).filter(({ linkIndex }) => linkIndex === index);
  });
  expect(addresses).toEqual([]);
  // The same again after a restart: nothing makes up a gateway.
  await bed.driver.close();
  bed.driver = newDriver();
  await bed.driver.reconcile([{ network, endpoints: [one.endpoint, two.endpoint] }]);
  expect((await bed.driver.allocateEndpoint(network, sampleEndpointRequest("three"))).ipv4Gateway).toBe("");
}, 20_000);

test("trusted links of the host reach published ports directly, addresses of it are published and carried as told", async () => {
  const trusting = await makeNetwork("trusting", {
    options: {
      ...bridgeOptions({ trusted_host_interfaces: "office0:lan0", host_binding_ipv4: "127.0.0.1" }),
      "com.docker.network.host_ipv4": "192.0.2.77",
    },
    enableIpv6: true,
  });
  nl.withNetlink(host, (socket) => {
    const linkIndex = nl.findLink(socket, "lan0")!.index;
    socket.execute(nl.addAddress({ linkIndex, prefix: "192.0.2.77/32" }));
  });
  const web = await start(trusting, "web", [publish(8080, 80)]);
  // An address that the network names is meant alone: nothing is open on IPv6 that nobody asked for.
  expect(web.endpoint.ports.map(({ hostIp }) => hostIp)).toEqual(["127.0.0.1"]);
  await using _web = await EchoServer.start(web.sandbox.path, 80);
  await using _other = await EchoServer.start(web.sandbox.path, 81);
  await using _outside = await EchoServer.start(neighbour, 7000);
  expect(await call(neighbour, "tcp", web.endpoint.ipv4Address, 80)).toBe(NEIGHBOUR_ADDRESS);
  expect(await call(neighbour, "tcp", web.endpoint.ipv4Address, 81)).toBe("timeout");
  expect(await call(neighbour, "tcp", HOST_ADDRESS, 8080)).toBe("ECONNREFUSED");
  expect(await call(host, "tcp", "127.0.0.1", 8080)).toBe("172.17.0.1");
  expect(await call(web.sandbox.path, "tcp", NEIGHBOUR_ADDRESS, 7000)).toBe("192.0.2.77");
}, 20_000);

test("containers that are kept apart reach only what their links open", async () => {
  const network = await makeNetwork("quiet", { options: bridgeOptions({ enable_icc: "false" }) });
  const db = await start(network, "db");
  const { ipv4Address: address } = db.endpoint;
  await using _open = await EchoServer.start(db.sandbox.path, 5432);
  await using _closed = await EchoServer.start(db.sandbox.path, 22);
  const reaches: ReachedPort[] = [{ address, protocol: "tcp", port: 5432 }];
  const endpoint = await bed.driver.allocateEndpoint(network, sampleEndpointRequest("app", { reaches }));
  const sandbox = await sandboxes.create(endpoint.containerId);
  const way = { defaultRoute: { ipv4: true, ipv6: true } };
  await bed.driver.join(network, endpoint, sandbox, way);
  const stranger = await start(network, "stranger");

  const expectReach = async () => {
    expect(await call(sandbox.path, "tcp", address, 5432)).toBe(endpoint.ipv4Address);
    expect(await call(sandbox.path, "tcp", address, 22)).toBe("timeout");
    expect(await call(sandbox.path, "udp", address, 5432)).toBe("timeout");
    expect(await call(stranger.sandbox.path, "tcp", address, 5432)).toBe("timeout");
  };
  await expectReach();
  // As it is stored after a restart.
  await bed.driver.close();
  bed.driver = newDriver();
  for (const each of [db.endpoint, endpoint]) await bed.driver.restoreEndpoint(network, each);
  await bed.driver.reconcile([{ network, endpoints: [db.endpoint, endpoint, stranger.endpoint] }]);
  await expectReach();
  // The other one has another port now.
  const moved = { ...endpoint, reaches: [{ address, protocol: "tcp" as const, port: 22 }] };
  await bed.driver.adjust(network, endpoint, moved, sandbox, way);
  expect(await call(sandbox.path, "tcp", address, 22)).toBe(endpoint.ipv4Address);
  expect(await call(sandbox.path, "tcp", address, 5432)).toBe("timeout");
  await bed.driver.leave(network, moved, sandbox);
  expect(await tableText()).not.toContain(`${endpoint.ipv4Address} . ${address}`);
}, 30_000);

test("both addresses of a point-to-point network are containers' where nobody needs a gateway", async () => {
  for (const options of [{ inhibit_ipv4: "true" }, { gateway_mode_ipv4: "isolated" }]) {
    const pools = [{ subnet: "10.9.9.0/31" }];
    const network = await makeNetwork("pair", { internal: true, pools, options: bridgeOptions(options) });
    expect(network.pools[0]?.gateway).toBeUndefined();
    const [one, other] = [await start(network, "one"), await start(network, "other")];
    await using _other = await EchoServer.start(other.sandbox.path, 80);
    expect(await call(one.sandbox.path, "tcp", other.endpoint.ipv4Address, 80)).toBe(
      one.endpoint.ipv4Address,
    );
    for (const each of [one, other]) await stop(network, each);
    await bed.driver.deleteNetwork(network);
  }
});
