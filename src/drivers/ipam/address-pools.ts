import { createHash } from "node:crypto";
import { invalidArgument } from "../../base/errors.ts";
import { AF_INET, AF_INET6, type IpFamily } from "../../os/linux/netlink/mod.ts";
import { Subnet } from "./subnet.ts";

/** A range that networks without a subnet of their own are cut from; one entry of `default-address-pools`. */
export interface AddressPool {
  /** In CIDR notation. */
  readonly base: string;
  /** Prefix length of each network. */
  readonly size: number;
}

/** What docker cuts IPv4 networks from where its configuration names no pools. */
const DEFAULT_ADDRESS_POOLS: readonly AddressPool[] = [
  { base: "172.17.0.0/16", size: 16 },
  { base: "172.18.0.0/16", size: 16 },
  { base: "172.19.0.0/16", size: 16 },
  { base: "172.20.0.0/14", size: 16 },
  { base: "172.24.0.0/14", size: 16 },
  { base: "172.28.0.0/14", size: 16 },
  { base: "192.168.0.0/16", size: 20 },
];

/** A range of unique local addresses that belongs to `engineId` alone. Source: RFC 4193, section 3.2. */
function uniqueLocalPool(engineId: string): AddressPool {
  const globalId = createHash("sha256").update(engineId).digest("hex").slice(0, 10);
  const groups = `fd${globalId}`.match(/.{4}/g)!.join(":");
  return { base: `${groups}::/48`, size: 64 };
}

/** The pools with those of a family that are missing filled up by the defaults. Errors: invalidArgument. */
export function completePools(configured: readonly AddressPool[], engineId: string): AddressPool[] {
  const families = configured.map(({ base, size }) => {
    const subnet = Subnet.parse(base);
    const bits = subnet.family === AF_INET ? 32 : 128;
    if (!Number.isInteger(size) || size < subnet.prefixLength || size > bits) {
      throw invalidArgument(`invalid default address pool ${base}: size ${size}`);
    }
    return subnet.family;
  });
  return [
    ...configured,
    ...(families.includes(AF_INET) ? [] : DEFAULT_ADDRESS_POOLS),
    ...(families.includes(AF_INET6) ? [] : [uniqueLocalPool(engineId)]),
  ];
}

/** The first network of the pools that touches none of `taken`, undefined where there is none left. */
export function pickSubnet(
  pools: readonly AddressPool[],
  family: IpFamily,
  taken: readonly Subnet[],
): Subnet | undefined {
  for (const { base, size } of pools) {
    const pool = Subnet.parse(base);
    if (pool.family !== family) continue;
    let first = pool.first;
    while (first <= pool.last) {
      const candidate = Subnet.of(family, first, size);
      const obstacle = taken.find((other) => other.overlaps(candidate));
      if (!obstacle) return candidate;
      // Behind the obstacle at once: a pool of IPv6 has more networks than anyone can try.
      const end = obstacle.contains(candidate) ? obstacle : candidate;
      first = Subnet.of(family, end.last, size).last + 1n;
    }
  }
  return undefined;
}
