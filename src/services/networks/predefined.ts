import { newId } from "../../base/ids.ts";
import { formatRfc3339Nano, nowNs } from "../../base/time.ts";
import type { IpamPool, NetworkRecord } from "../../core/networks/network-record.ts";

/** The networks that every engine has, with their drivers. */
export const PREDEFINED: ReadonlyArray<{ readonly name: string; readonly driver: string }> = [
  { name: "bridge", driver: "bridge" },
  { name: "host", driver: "host" },
  { name: "none", driver: "null" },
];

/** What the configuration says of the network `bridge`. */
export interface DefaultBridge {
  readonly options: Readonly<Record<string, string>>;
  readonly pools: readonly IpamPool[];
  readonly enableIpv6: boolean;
}

/** A predefined network, not yet planned by its driver. */
export function predefinedRecord(
  name: string,
  driver: string,
  bridge: DefaultBridge | undefined,
): NetworkRecord {
  return {
    id: newId(),
    name,
    driver,
    createdAt: formatRfc3339Nano(nowNs()),
    enableIpv4: true,
    enableIpv6: bridge?.enableIpv6 ?? false,
    internal: false,
    attachable: false,
    ingress: false,
    configOnly: false,
    configFrom: "",
    ipamDriver: "default",
    ipamOptions: {},
    pools: bridge?.pools ?? [],
    ...(bridge && isForeign(bridge) ? { foreignBridge: true } : {}),
    options: bridge?.options ?? {},
    labels: {},
  };
}

/** Whether the configuration names a bridge: then that is an administrator's. */
export function isForeign({ options }: DefaultBridge): boolean {
  return "com.docker.network.bridge.name" in options;
}

/** Whether the name is one of those, or stands for one. */
export function isPredefinedName(name: string): boolean {
  return name === "default" || PREDEFINED.some((known) => known.name === name);
}

export function isPredefined(network: NetworkRecord): boolean {
  return isPredefinedName(network.name);
}
