import { conflict, invalidArgument, permissionDenied, unavailable } from "../../base/errors.ts";
import type { AddressUse } from "../../core/networks/network-driver.ts";
import type { IpamPool, NetworkRecord } from "../../core/networks/network-record.ts";
import { AF_INET, AF_INET6, type IpFamily } from "../../os/linux/netlink/mod.ts";
import { AddressAllocator } from "./address-allocator.ts";
import { type AddressPool, completePools, pickSubnet } from "./address-pools.ts";
import type { AddressRequest, IpamDriver, TakenAddress, TakenAddresses } from "./ipam-driver.ts";
import { Subnet } from "./subnet.ts";

export interface IpamOptions {
  readonly engineId: string;
  /** `default-address-pools`; docker's own for a family that none is given for. */
  readonly pools?: readonly AddressPool[];
}

const FAMILIES = [AF_INET, AF_INET6] as const;

/**
 * Subnets of networks and addresses of endpoints, in memory: start-up tells it again what is stored. Two networks
 * never have overlapping subnets.
 */
export class Ipam implements IpamDriver {
  readonly #pools: readonly AddressPool[];
  readonly #networks = new Map<string, readonly AddressAllocator[]>();

  constructor(options: IpamOptions) {
    this.#pools = completePools(options.pools ?? [], options.engineId);
  }

  planNetwork(
    network: NetworkRecord,
    inUse: readonly Subnet[],
    gatewayless: readonly IpFamily[] = [],
  ): IpamPool[] {
    const pools = network.pools.map(checkPool);
    const taken = [...inUse, ...this.#subnets(network.id)];
    for (const family of FAMILIES) {
      const enabled = family === AF_INET ? network.enableIpv4 : network.enableIpv6;
      if (!enabled || pools.some(({ subnet }) => Subnet.parse(subnet).family === family)) continue;
      const subnet = pickSubnet(this.#pools, family, taken);
      if (!subnet) throw invalidArgument("all predefined address pools have been fully subnetted");
      pools.push({ subnet: subnet.toString() });
    }
    this.#claim(network.id, pools, gatewayless);
    return pools;
  }

  restoreNetwork(network: NetworkRecord): void {
    // What was planned without a gateway was meant to have none.
    if (!this.#networks.has(network.id)) this.#claim(network.id, network.pools.map(checkPool), FAMILIES);
  }

  removeNetwork(networkId: string): void {
    this.#networks.delete(networkId);
  }

  takeAddresses(network: NetworkRecord, requested: AddressRequest): TakenAddresses {
    const ipv4 = this.#take(network, AF_INET, requested.ipv4);
    try {
      const ipv6 = requested.withoutIpv6 ? undefined : this.#take(network, AF_INET6, requested.ipv6);
      return { ...(ipv4 ? { ipv4 } : {}), ...(ipv6 ? { ipv6 } : {}) };
    } catch (error) {
      if (ipv4) this.releaseAddress(network.id, ipv4.address);
      throw error;
    }
  }

  restoreAddress(networkId: string, address: string): void {
    this.#allocatorOf(networkId, address)?.retake(address);
  }

  releaseAddress(networkId: string, address: string): void {
    this.#allocatorOf(networkId, address)?.release(address);
  }

  /** How the addresses of a network's subnets are used, by subnet. */
  addressUse(networkId: string): ReadonlyMap<string, AddressUse> {
    const allocators = this.#networks.get(networkId) ?? [];
    return new Map(allocators.map((allocator) => [String(allocator.subnet), allocator.use()]));
  }

  #claim(networkId: string, pools: IpamPool[], gatewayless: readonly IpFamily[]): void {
    const others = this.#subnets(networkId);
    const allocators = pools.map((pool, index) => {
      const subnet = Subnet.parse(pool.subnet);
      if (others.some((other) => other.overlaps(subnet))) {
        throw permissionDenied("invalid pool request: Pool overlaps with other one on this address space");
      }
      others.push(subnet);
      const allocator = new AddressAllocator(subnet, pool.ipRange ? Subnet.parse(pool.ipRange) : subnet);
      for (const address of Object.values(pool.auxAddresses ?? {})) allocator.take(address);
      if (pool.gateway) allocator.take(pool.gateway);
      else if (!gatewayless.includes(subnet.family))
        pools[index] = { ...pool, gateway: takeGateway(allocator, subnet) };
      return allocator;
    });
    this.#networks.set(networkId, allocators);
  }

  #subnets(exceptNetworkId: string): Subnet[] {
    return [...this.#networks]
      .filter(([id]) => id !== exceptNetworkId)
      .flatMap(([, allocators]) => allocators.map(({ subnet }) => subnet));
  }

  #allocatorOf(networkId: string, address: string): AddressAllocator | undefined {
    const host = Subnet.host(address);
    return this.#networks.get(networkId)?.find(({ subnet }) => subnet.contains(host));
  }

  #take(network: NetworkRecord, family: IpFamily, requested: string | undefined): TakenAddress | undefined {
    const allocators = (this.#networks.get(network.id) ?? []).filter(
      ({ subnet }) => subnet.family === family,
    );
    if (requested) return this.#takeRequested(network, family, allocators, requested);
    if (allocators.length === 0) return undefined;
    for (const allocator of allocators) {
      const address = allocator.takeAny();
      if (address) return describe(network, allocator, address);
    }
    const name = family === AF_INET ? "IPv4" : "IPv6";
    throw unavailable(
      `no available ${name} addresses on this network's address pools: ${network.name} (${network.id})`,
    );
  }

  #takeRequested(
    network: NetworkRecord,
    family: IpFamily,
    allocators: readonly AddressAllocator[],
    requested: string,
  ): TakenAddress {
    const allocator = this.#allocatorOf(network.id, requested);
    if (!allocator || allocator.subnet.family !== family || !allocators.includes(allocator)) {
      throw invalidArgument(
        `invalid endpoint settings:\nno configured subnet contains IP address ${requested}`,
      );
    }
    allocator.take(requested);
    return describe(network, allocator, requested);
  }
}

function describe(network: NetworkRecord, { subnet }: AddressAllocator, address: string): TakenAddress {
  const pool = network.pools.find((known) => Subnet.parse(known.subnet).overlaps(subnet));
  return { address, prefixLength: subnet.prefixLength, gateway: pool?.gateway ?? "" };
}

function takeGateway(allocator: AddressAllocator, subnet: Subnet): string {
  const first = subnet.addressAt(subnet.size > 2n ? 1n : 0n);
  try {
    allocator.take(first);
    return first;
  } catch {
    // The first address is an auxiliary one: any other will do.
    const other = allocator.takeAny();
    if (other) return other;
    throw conflict("no available IP addresses for a gateway in this network's address pools");
  }
}

/** A pool as a user gave it, its parts checked against each other. Errors: invalidArgument. */
function checkPool(pool: IpamPool): IpamPool {
  const subnet = parseUserSubnet(pool.subnet, "subnet");
  if (pool.ipRange && !subnet.contains(parseUserSubnet(pool.ipRange, "ip-range"))) {
    throw invalidArgument(
      `invalid network config:\ninvalid ip-range ${pool.ipRange}: parent subnet ${pool.subnet} doesn't contain ip-range`,
    );
  }
  checkInside(subnet, pool, "gateway", pool.gateway);
  for (const address of Object.values(pool.auxAddresses ?? {})) {
    checkInside(subnet, pool, "auxiliary address", address);
  }
  return pool;
}

function parseUserSubnet(text: string, what: string): Subnet {
  let subnet: Subnet;
  try {
    subnet = Subnet.parse(text);
  } catch (cause) {
    throw invalidArgument(`invalid network config:\ninvalid ${what} ${text}: invalid CIDR block notation`, {
      cause,
    });
  }
  if (Subnet.host(text.slice(0, text.indexOf("/"))).first !== subnet.first) {
    throw invalidArgument(`invalid network config:\ninvalid ${what} ${text}: it should be ${subnet}`);
  }
  return subnet;
}

function checkInside(subnet: Subnet, pool: IpamPool, what: string, address: string | undefined): void {
  if (!address) return;
  let inside: boolean;
  try {
    inside = subnet.contains(Subnet.host(address));
  } catch (cause) {
    throw invalidArgument(`invalid network config:\ninvalid ${what} ${address}: invalid address`, { cause });
  }
  if (!inside) {
    throw invalidArgument(
      `invalid network config:\ninvalid ${what} ${address}: parent subnet ${pool.subnet} doesn't contain this address`,
    );
  }
}
