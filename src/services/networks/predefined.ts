import type { NetworkRecord } from "../../core/networks/network-record.ts";

/** The networks that every engine has, with their drivers. */
export const PREDEFINED: ReadonlyArray<{ readonly name: string; readonly driver: string }> = [
  { name: "bridge", driver: "bridge" },
  { name: "host", driver: "host" },
  { name: "none", driver: "null" },
];

/** Whether the name is one of those, or stands for one. */
export function isPredefinedName(name: string): boolean {
  return name === "default" || PREDEFINED.some((known) => known.name === name);
}

export function isPredefined(network: NetworkRecord): boolean {
  return isPredefinedName(network.name);
}
