import { invalidArgument } from "../../base/errors.ts";
import { type Filters, matchesExactly, matchesLabels, matchesPattern } from "../../base/filters.ts";
import { parseRfc3339Nano } from "../../base/time.ts";
import type { NetworkRecord } from "../../core/networks/network-record.ts";
import { isPredefined } from "./predefined.ts";

/** Whether a list with these filters shows the network. Errors: invalidArgument for a value that a filter does not have. */
export function isListed(network: NetworkRecord, filters: Filters, inUse: () => boolean): boolean {
  return (
    matchesPattern(filters, "name", network.name) &&
    (filters.get("id") ?? [""]).some((id) => network.id.startsWith(id)) &&
    matchesExactly(filters, "driver", network.driver) &&
    matchesExactly(filters, "scope", "local") &&
    matchesLabels(filters, "label", network.labels) &&
    matchesType(network, filters.get("type") ?? []) &&
    matchesDangling(network, filters.get("dangling") ?? [], inUse)
  );
}

function matchesType(network: NetworkRecord, types: readonly string[]): boolean {
  for (const type of types) {
    if (type !== "builtin" && type !== "custom") {
      throw invalidArgument(`invalid filter: 'type'='${type}'`);
    }
  }
  return types.length === 0 || types.includes(isPredefined(network) ? "builtin" : "custom");
}

function matchesDangling(network: NetworkRecord, values: readonly string[], inUse: () => boolean): boolean {
  const [value] = values;
  if (value === undefined) return true;
  if (values.length > 1) throw invalidArgument('got more than one value for filter key "dangling"');
  if (!["1", "true", "0", "false"].includes(value)) {
    throw invalidArgument(
      `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`,
    );
  }
  const dangling = !isPredefined(network) && !inUse();
  return dangling === (value === "true" || value === "1");
}

/** Whether a prune with these filters may take the network; whether it is used is another question. */
export function isPrunable(network: NetworkRecord, filters: Filters): boolean {
  if (isPredefined(network) || !matchesLabels(filters, "label", network.labels)) return false;
  const excluded = filters.get("label!") ?? [];
  if (excluded.some((label) => matchesLabels(new Map([["label", [label]]]), "label", network.labels))) {
    return false;
  }
  const until = filters.get("until") ?? [];
  if (until.length > 1) throw invalidArgument("more than one until filter specified");
  return until[0] === undefined || createdBefore(network, until[0]);
}

/** `until` is what the CLI makes of it: seconds since 1970 with a fraction, or a time in words of RFC 3339. */
function createdBefore(network: NetworkRecord, until: string): boolean {
  const created = parseRfc3339Nano(network.createdAt) ?? 0n;
  const limit = untilNs(until);
  if (limit === undefined) throw invalidArgument(`invalid filter 'until=[${until}]'`);
  return created < limit;
}

const UNITS_NS: Readonly<Record<string, number>> = { h: 3_600e9, m: 60e9, s: 1e9, ms: 1e6, us: 1e3, ns: 1 };

function untilNs(text: string): bigint | undefined {
  if (/^\d+(\.\d{1,9})?$/.test(text)) {
    const [seconds, fraction = ""] = text.split(".");
    return BigInt(seconds!) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
  }
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join("") === text) {
    const agoNs = parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS_NS[unit!]!, 0);
    return BigInt(Date.now()) * 1_000_000n - BigInt(Math.round(agoNs));
  }
  return parseRfc3339Nano(text) ?? parseRfc3339Nano(`${text}T00:00:00Z`);
}
