import { exactIntegers } from "../../spec/engine-api/exact-integers.ts";
import type { NetworkInspectResponse } from "../../spec/engine-api/mod.ts";
import type { ApiClient } from "../api-client.ts";
import { segment } from "../path.ts";

/** All that is known of a network. `verbose` adds services of a swarm. Errors: notFound. */
export function inspectNetwork(
  client: ApiClient,
  id: string,
  verbose = false,
): Promise<NetworkInspectResponse> {
  const query = { verbose: verbose ? "true" : undefined };
  // A subnet of IPv6 has more addresses than a double counts.
  const exactCounts = exactIntegers("IPsInUse", "DynamicIPsAvailable");
  return client.json({ method: "GET", path: `/networks/${segment(id)}`, query }, exactCounts);
}
