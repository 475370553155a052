import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { type DefaultBridge, isForeign } from "./predefined.ts";

/** Whether the stored default bridge is what the configuration of today asks for. */
export function isAsConfigured(
  { options, pools, enableIpv6, foreignBridge }: NetworkRecord,
  wanted: DefaultBridge,
): boolean {
  const sameText = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  return (
    enableIpv6 === wanted.enableIpv6 &&
    Boolean(foreignBridge) === isForeign(wanted) &&
    Object.entries(wanted.options).every(([key, value]) => options[key] === value) &&
    wanted.pools.every((pool) =>
      pools.some(
        (known) =>
          known.subnet === pool.subnet &&
          known.ipRange === pool.ipRange &&
          (pool.gateway === undefined || known.gateway === pool.gateway) &&
          sameText(known.auxAddresses, pool.auxAddresses),
      ),
    )
  );
}
