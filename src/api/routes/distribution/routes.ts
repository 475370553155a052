import type { Endpoint } from "../../server/endpoint.ts";
import { registryCredentials } from "../registry-auth.ts";
import type { DistributionBackend } from "./backend.ts";

/** What a registry says of an image. */
export function distributionRoutes(backend: DistributionBackend): Endpoint[] {
  return [
    {
      method: "GET",
      path: "/distribution/:name/json",
      since: "1.30",
      handle: async (exchange) => {
        const credentials = registryCredentials(exchange);
        const { signal } = exchange;
        exchange.json(200, await backend.inspect(exchange.param("name"), { credentials, signal }));
      },
    },
  ];
}
