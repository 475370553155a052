import { describe, expect, test } from "bun:test";
import { isKind } from "../../base/errors.ts";
import { sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { AddressAllocator } from "./address-allocator.ts";
import { Ipam, macAddressFor, Subnet } from "./mod.ts";

function networkOf(id: string, changes: Partial<NetworkRecord> = {}): NetworkRecord {
  return sampleNetwork({ id, name: `net-${id}`, ...changes });
}

/** Plans the network and returns it with its pools, as a service stores it. */
function plan(ipam: Ipam, network: NetworkRecord, inUse: string[] = []): NetworkRecord {
  return {
    ...network,
    pools: ipam.planNetwork(
      network,
      inUse.map((text) => Subnet.parse(text)),
    ),
  };
}

const newIpam = () => new Ipam({ engineId: "engine" });
const subnetsOf = (network: NetworkRecord) => network.pools.map(({ subnet }) => subnet);

describe("subnets", () => {
  test("networks get docker's pools in docker's order, past what is in use", () => {
    const ipam = newIpam();
    expect(plan(ipam, networkOf("1")).pools).toEqual([{ subnet: "172.17.0.0/16", gateway: "172.17.0.1" }]);
    expect(subnetsOf(plan(ipam, networkOf("2")))).toEqual(["172.18.0.0/16"]);
    expect(
      subnetsOf(plan(ipam, networkOf("3"), ["172.19.7.0/24", "172.20.0.1/32", "172.22.0.0/15"])),
    ).toEqual(["172.21.0.0/16"]);
    expect(subnetsOf(plan(ipam, networkOf("4"), ["172.16.0.0/12"]))).toEqual(["192.168.0.0/20"]);
    expect(subnetsOf(plan(ipam, networkOf("5")))).toEqual(["172.19.0.0/16"]);
  });

  test("pools run out, and a removed network's comes back", () => {
    const ipam = new Ipam({ engineId: "engine", pools: [{ base: "10.0.0.0/23", size: 24 }] });
    plan(ipam, networkOf("1"));
    expect(subnetsOf(plan(ipam, networkOf("2")))).toEqual(["10.0.1.0/24"]);
    expect(() => plan(ipam, networkOf("3"))).toThrow(
      "all predefined address pools have been fully subnetted",
    );
    ipam.removeNetwork("1");
    expect(subnetsOf(plan(ipam, networkOf("3")))).toEqual(["10.0.0.0/24"]);
  });

  test("IPv6 networks come from a unique local range of the engine", () => {
    const ipam = newIpam();
    const network = plan(ipam, networkOf("1", { enableIpv6: true }));
    expect(network.pools[1]!.subnet).toMatch(/^fd[0-9a-f]{2}:[0-9a-f:]+::\/64$/);
    const { ipv4, ipv6 } = ipam.takeAddresses(network, {});
    expect(ipv4).toEqual({ address: "172.17.0.2", prefixLength: 16, gateway: "172.17.0.1" });
    expect(ipv6!.address).toBe(network.pools[1]!.gateway!.replace(/1$/, "2"));
    const second = plan(ipam, networkOf("2", { enableIpv6: true }));
    expect(second.pools[1]!.subnet).not.toBe(network.pools[1]!.subnet);
  });

  test.each([
    [{ subnet: "10.0.0.0" }, "invalid subnet 10.0.0.0: invalid CIDR block notation"],
    [{ subnet: "10.0.0.5/24" }, "invalid subnet 10.0.0.5/24: it should be 10.0.0.0/24"],
    [{ subnet: "10.0.0.0/33" }, "invalid subnet"],
    [{ subnet: "10.0.0.0/24", ipRange: "10.0.1.0/25" }, "parent subnet 10.0.0.0/24 doesn't contain ip-range"],
    [{ subnet: "10.0.0.0/24", gateway: "10.0.1.1" }, "invalid gateway 10.0.1.1: parent subnet 10.0.0.0/24"],
    [{ subnet: "10.0.0.0/24", gateway: "x" }, "invalid gateway x: invalid address"],
    [{ subnet: "10.0.0.0/24", auxAddresses: { a: "10.2.0.1" } }, "invalid auxiliary address 10.2.0.1"],
  ])("%j is refused", (pool, message) => {
    expect(() => plan(newIpam(), networkOf("1", { pools: [pool] }))).toThrow(message);
  });

  test("overlapping subnets of two networks are refused, and nothing is kept of the second", () => {
    const ipam = newIpam();
    plan(ipam, networkOf("1", { pools: [{ subnet: "10.1.0.0/16" }] }));
    const overlapping = networkOf("2", { pools: [{ subnet: "10.1.4.0/24" }] });
    expect(() => plan(ipam, overlapping)).toThrow("Pool overlaps with other one on this address space");
    ipam.removeNetwork("1");
    expect(subnetsOf(plan(ipam, overlapping))).toEqual(["10.1.4.0/24"]);
  });

  test("default pools that make no sense are refused", () => {
    expect(() => new Ipam({ engineId: "e", pools: [{ base: "10.0.0.0/16", size: 8 }] })).toThrow("size 8");
    expect(() => new Ipam({ engineId: "e", pools: [{ base: "10.0.0.0", size: 8 }] })).toThrow(
      "no prefix length",
    );
  });
});

describe("addresses", () => {
  test("the lowest free address is next, whatever was released when", () => {
    const allocator = new AddressAllocator(Subnet.parse("10.0.0.0/29"));
    expect([1, 2, 3].map(() => allocator.takeAny())).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    allocator.release("10.0.0.2");
    allocator.release("10.0.0.2");
    expect([1, 2].map(() => allocator.takeAny())).toEqual(["10.0.0.2", "10.0.0.4"]);
    allocator.take("10.0.0.6");
    expect([1, 2, 3].map(() => allocator.takeAny())).toEqual(["10.0.0.5", undefined, undefined]);
    allocator.release("10.0.0.6");
    expect(allocator.takeAny()).toBe("10.0.0.6");
  });

  test("network, broadcast, gateway and auxiliary addresses are nobody's", () => {
    const ipam = newIpam();
    const network = plan(
      ipam,
      networkOf("1", {
        pools: [{ subnet: "10.0.0.0/29", gateway: "10.0.0.6", auxAddresses: { router: "10.0.0.2" } }],
      }),
    );
    const taken = [1, 2, 3, 4].map(() => ipam.takeAddresses(network, {}).ipv4!.address);
    expect(taken).toEqual(["10.0.0.1", "10.0.0.3", "10.0.0.4", "10.0.0.5"]);
    let error: unknown;
    try {
      ipam.takeAddresses(network, {});
    } catch (thrown) {
      error = thrown;
    }
    expect(isKind(error, "unavailable")).toBe(true);
    expect((error as Error).message).toBe(
      "no available IPv4 addresses on this network's address pools: net-1 (1)",
    );
  });

  test("an address range is for addresses that nobody names", () => {
    const ipam = newIpam();
    const network = plan(
      ipam,
      networkOf("1", { pools: [{ subnet: "10.0.0.0/16", ipRange: "10.0.5.0/31", gateway: "10.0.0.1" }] }),
    );
    expect(ipam.takeAddresses(network, {}).ipv4!.address).toBe("10.0.5.0");
    expect(ipam.takeAddresses(network, { ipv4: "10.0.9.9" }).ipv4).toEqual({
      address: "10.0.9.9",
      prefixLength: 16,
      gateway: "10.0.0.1",
    });
    expect(() => ipam.takeAddresses(network, { ipv4: "10.0.9.9" })).toThrow("Address already in use");
    expect(() => ipam.takeAddresses(network, { ipv4: "10.1.0.1" })).toThrow("no configured subnet");
    expect(() => ipam.takeAddresses(network, { ipv6: "fd00::1" })).toThrow("no configured subnet");
    // The failed request above gave its IPv4 address back.
    expect(ipam.takeAddresses(network, {}).ipv4!.address).toBe("10.0.5.1");
  });

  test("what is stored is taken again after a restart", () => {
    const before = newIpam();
    const network = plan(before, networkOf("1", { enableIpv6: true }));
    const first = before.takeAddresses(network, {});
    const after = newIpam();
    after.restoreNetwork(network);
    after.restoreNetwork(network);
    after.restoreAddress("1", first.ipv4!.address);
    after.restoreAddress("1", first.ipv6!.address);
    expect(after.takeAddresses(network, {}).ipv4!.address).toBe("172.17.0.3");
    expect(subnetsOf(plan(after, networkOf("2")))).toEqual(["172.18.0.0/16"]);
  });

  test("a MAC address follows from the IPv4 address", () => {
    expect(macAddressFor("172.17.0.2")).toBe("02:42:ac:11:00:02");
    expect(macAddressFor("")).toMatch(/^02:42(:[0-9a-f]{2}){4}$/);
    expect(macAddressFor("")).not.toBe(macAddressFor(""));
  });
});
