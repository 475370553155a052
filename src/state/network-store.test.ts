import { expect, test } from "bun:test";
import { kindOf } from "../base/errors.ts";
import { newId } from "../base/ids.ts";
import { sampleNetwork } from "../core/networks/network-record.fixture.ts";
import type { EndpointRecord, NetworkRecord } from "../core/networks/network-record.ts";
import { SqliteNetworkStore } from "./network-store.ts";
import { TemporaryState } from "./state.fixture.ts";

function network(name: string, id = newId()): NetworkRecord {
  return sampleNetwork({
    id,
    name,
    pools: [{ subnet: "10.1.0.0/24", gateway: "10.1.0.1" }],
    labels: { a: "b" },
  });
}

function endpoint(networkId: string, containerId: string): EndpointRecord {
  return {
    id: newId(),
    networkId,
    containerId,
    containerName: "web",
    macAddress: "02:42:0a:01:00:02",
    ipv4Address: "10.1.0.2",
    ipv4PrefixLength: 24,
    ipv4Gateway: "10.1.0.1",
    ipv6Address: "",
    ipv6PrefixLength: 0,
    ipv6Gateway: "",
    interfaceName: "eth0",
    hostInterfaceName: "veth1",
    aliases: ["web"],
    links: [],
    dnsNames: ["web"],
    exposedPorts: [],
    driverOptions: {},
    gatewayPriority: 0,
    ports: [{ protocol: "tcp", containerPort: 80, hostIp: "", hostPort: 8080, hostPortEnd: 8080 }],
  };
}

test("networks come back oldest first after the database was opened again", () => {
  using state = new TemporaryState();
  const store = new SqliteNetworkStore(state.database);
  const one = network("same", "b".repeat(64));
  const two = network("same", "a".repeat(64));
  store.addNetwork(one);
  store.addNetwork(two);
  expect(() => store.addNetwork(one)).toThrow("already exists");
  const reopened = new SqliteNetworkStore(state.reopen());
  expect(reopened.listNetworks()).toEqual([one, two]);
  expect(reopened.findByName("same")).toEqual([one, two]);
  expect(reopened.findByIdPrefix("aaa")).toEqual([two]);
  expect(reopened.getNetwork(one.id)).toEqual(one);
  reopened.removeNetwork(one.id);
  reopened.removeNetwork(one.id);
  expect(reopened.getNetwork(one.id)).toBeUndefined();
});

test("endpoints belong to a network, which cannot go before them", () => {
  using state = new TemporaryState();
  const store = new SqliteNetworkStore(state.database);
  const net = network("net");
  const first = endpoint(net.id, "c1");
  const kinds: string[] = [];
  const attempt = (task: () => void) => {
    try {
      task();
      kinds.push("done");
    } catch (error) {
      kinds.push(kindOf(error));
    }
  };
  attempt(() => store.putEndpoint(first));
  store.addNetwork(net);
  attempt(() => store.putEndpoint(first));
  attempt(() => store.removeNetwork(net.id));
  expect(kinds).toEqual(["notFound", "done", "conflict"]);
  const moved = { ...first, ipv4Address: "10.1.0.9" };
  store.putEndpoint(moved);
  const second = endpoint(net.id, "c2");
  store.putEndpoint(second);
  const reopened = new SqliteNetworkStore(state.reopen());
  expect(reopened.endpointsOfContainer("c1")).toEqual([moved]);
  expect(reopened.endpointsOf(net.id)).toHaveLength(2);
  for (const each of reopened.endpointsOf(net.id)) reopened.removeEndpoint(each.id);
  const interfaces = ["eth10", "eth2", "eth1", "eth0"];
  for (const interfaceName of interfaces) reopened.putEndpoint({ ...endpoint(net.id, "c3"), interfaceName });
  expect(reopened.endpointsOfContainer("c3").map((each) => each.interfaceName)).toEqual(interfaces.reverse());
  expect(reopened.listEndpoints()).toHaveLength(4);
  for (const each of reopened.listEndpoints()) reopened.removeEndpoint(each.id);
  reopened.removeEndpoint(first.id);
  reopened.removeNetwork(net.id);
  expect(reopened.listNetworks()).toEqual([]);
});
