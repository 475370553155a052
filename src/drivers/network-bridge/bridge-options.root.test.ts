import { expect, test } from "bun:test";
import { sampleEndpointRequest } from "../../core/networks/network-record.fixture.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import {
  bed,
  HOST_ADDRESS,
  host,
  makeNetwork,
  NEIGHBOUR_ADDRESS6,
  neighbour,
  newDriver,
  publish,
  sandboxes,
  start,
  useTestbed,
} from "./bridge-testbed.testing.ts";
import { call, EchoServer } from "./traffic.testing.ts";

useTestbed();

const WAY_OUT = { defaultRoute: { ipv4: true, ipv6: true } };

test("inhibit_ipv4 leaves the gateway's address to somebody else", async () => {
  const network = await makeNetwork("lent", {
    options: {
      "com.docker.network.bridge.name": "br-lent",
      "com.docker.network.bridge.inhibit_ipv4": "true",
    },
  });
  const { endpoint } = await start(network, "one");
  expect(endpoint.ipv4Gateway).toBe(network.pools[0]!.gateway!);
  const addresses = nl.withNetlink(host, (socket) => {
    const { index } = nl.findLink(socket, "br-lent")!;
    return nl.listAddresses(socket).filter(({ linkIndex }) => linkIndex === index);
  });
  expect(addresses.filter(({ family }) => family === nl.AF_INET)).toEqual([]);
});

test("an endpoint's interface has the name and the settings that were asked for", async () => {
  const network = await makeNetwork("bridge");
  const driverOptions = {
    "com.docker.network.endpoint.ifname": "wan.5",
    "com.docker.network.endpoint.sysctls":
      "net.ipv4.conf.IFNAME.log_martians=1,net.ipv4.conf.IFNAME.arp_notify=1",
  };
  const endpoint = await bed.driver.allocateEndpoint(
    network,
    sampleEndpointRequest("one", { driverOptions }),
  );
  const sandbox = await sandboxes.create(endpoint.containerId);
  await bed.driver.join(network, endpoint, sandbox, WAY_OUT);
  expect(nl.withNetlink(sandbox.path, nl.listLinks).map(({ name }) => name)).toContain("wan.5");
  for (const setting of ["log_martians", "arp_notify"]) {
    expect(nl.readSysctl(`net/ipv4/conf/wan.5/${setting}`, sandbox.path)).toBe("1");
  }
  const containerId = endpoint.containerId;
  await expect(
    bed.driver.allocateEndpoint(network, sampleEndpointRequest("same", { containerId, driverOptions })),
  ).rejects.toThrow(/to "wan.5": file exists$/);
});

test("without rules for IPv6 everybody is reached by it, and ports are published on IPv4 alone", async () => {
  await bed.driver.close();
  bed.driver = newDriver({ packetFilterIpv6: false });
  const network = await makeNetwork("bridge", { enableIpv6: true });
  const web = await start(network, "web", [publish(8080, 80)]);
  expect(web.endpoint.ports.map(({ hostIp }) => hostIp)).toEqual(["0.0.0.0"]);
  await using _web = await EchoServer.start(web.sandbox.path, 80, "::");
  expect(await call(neighbour, "tcp", web.endpoint.ipv6Address, 80)).toBe(NEIGHBOUR_ADDRESS6);
  expect(await call(neighbour, "tcp", web.endpoint.ipv4Address, 80)).toBe("timeout");
  expect(await call(neighbour, "tcp", HOST_ADDRESS, 8080)).toContain("192.0.2.2");
  // What leaves carries the container's own address.
  await using _outside = await EchoServer.start(neighbour, 7000, "::");
  expect(await call(web.sandbox.path, "tcp", NEIGHBOUR_ADDRESS6, 7000)).toBe(web.endpoint.ipv6Address);
}, 20_000);

test("how the addresses of a network are used", async () => {
  const network = await makeNetwork("bridge", {
    enableIpv6: true,
    pools: [{ subnet: "10.9.0.0/24", ipRange: "10.9.0.128/25", auxAddresses: { printer: "10.9.0.130" } }],
  });
  await start(network, "one");
  const use = bed.driver.addressUse(network)!;
  // The network's address, the broadcast address, the gateway, the printer, the container.
  expect(use.get("10.9.0.0/24")).toEqual({ inUse: 5n, available: 128n - 3n });
  const [ipv6] = [...use.values()].slice(1);
  expect(ipv6).toEqual({ inUse: 3n, available: 2n ** 64n - 3n });
});
