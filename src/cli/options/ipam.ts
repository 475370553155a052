import { BlockList, isIP, isIPv6 } from "node:net";
import { invalidArgument } from "../../base/errors.ts";
import type { IPAMConfig } from "../../spec/engine-api/mod.ts";

export interface IpamFlags {
  readonly subnet: readonly string[];
  readonly "ip-range": readonly string[];
  readonly gateway: readonly string[];
  readonly "aux-address": Readonly<Record<string, string>>;
}

function subnetHolds(subnet: string, address: string): boolean {
  const [base = "", bits = ""] = subnet.split("/");
  const family = isIPv6(base) ? "ipv6" : "ipv4";
  if (isIP(base) === 0 || isIP(address) !== isIP(base)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits), family);
  return list.check(address, family);
}

function checkCidr(text: string): string {
  const [base = "", bits, ...more] = text.split("/");
  const version = isIP(base);
  const valid = version !== 0 && bits !== undefined && more.length === 0 && /^\d+$/.test(bits);
  if (!valid || Number(bits) > (version === 6 ? 128 : 32))
    throw invalidArgument(`invalid CIDR address: ${text}`);
  return base;
}

/** Pools that the flags of `network create` describe: ranges, gateways and addresses go to the subnet that holds them. */
export function parseIpam(flags: IpamFlags): IPAMConfig[] {
  if (flags.subnet.length < flags["ip-range"].length || flags.subnet.length < flags.gateway.length)
    throw invalidArgument("every ip-range or gateway must have a corresponding subnet");
  const pools = new Map<string, IPAMConfig>();
  for (const subnet of flags.subnet) {
    for (const other of pools.keys())
      if (subnetHolds(other, checkCidr(subnet)) || subnetHolds(subnet, checkCidr(other)))
        throw invalidArgument("multiple overlapping subnet configuration is not supported");
    pools.set(subnet, { Subnet: subnet });
  }
  const poolOf = (address: string) => [...pools.values()].find(({ Subnet }) => subnetHolds(Subnet!, address));
  for (const range of flags["ip-range"]) {
    const pool = poolOf(checkCidr(range));
    if (!pool) throw invalidArgument(`no matching subnet for range ${range}`);
    if (pool.IPRange)
      throw invalidArgument(
        `cannot configure multiple ranges (${range}, ${pool.IPRange}) on the same subnet (${pool.Subnet})`,
      );
    pool.IPRange = range;
  }
  for (const gateway of flags.gateway) {
    const pool = poolOf(gateway);
    if (!pool) throw invalidArgument(`no matching subnet for gateway ${gateway}`);
    if (pool.Gateway)
      throw invalidArgument(
        `cannot configure multiple gateways (${gateway}, ${pool.Gateway}) for the same subnet (${pool.Subnet})`,
      );
    pool.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(flags["aux-address"])) {
    const pool = poolOf(address);
    if (!pool) throw invalidArgument(`no matching subnet for aux-address ${address}`);
    pool.AuxiliaryAddresses = { ...pool.AuxiliaryAddresses, [name]: address };
  }
  return [...pools.values()];
}
