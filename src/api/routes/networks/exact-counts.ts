import type { NetworkInspectResponse } from "../../../spec/engine-api/mod.ts";

/** The network with its counts of addresses in a form that JSON.stringify writes with all their digits. */
export function withExactCounts(network: NetworkInspectResponse): object {
  const subnets = network.Status?.IPAM?.Subnets;
  if (!subnets) return network;
  const written = Object.entries(subnets).map(([subnet, use]) => [
    subnet,
    Object.fromEntries(Object.entries(use).map(([name, count]) => [name, rawJson(String(count))])),
  ]);
  return { ...network, Status: { IPAM: { Subnets: Object.fromEntries(written) } } };
}

// Not yet among the language's types. Source: ECMAScript, "JSON.rawJSON".
const rawJson = (JSON as unknown as { rawJSON(text: string): object }).rawJSON;
