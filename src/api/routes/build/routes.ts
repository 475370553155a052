import { notImplemented } from "../../../base/errors.ts";
import type { BuildCachePruneResponse } from "../../../spec/engine-api/mod.ts";
import type { Endpoint } from "../../server/endpoint.ts";

/** Endpoints of the builder, which is not there yet. */
export function buildRoutes(): Endpoint[] {
  return [
    ...(["/build", "/build/cancel", "/session", "/grpc"] as const).map((path) => ({
      method: "POST" as const,
      path,
      handle: () => {
        throw notImplemented("this engine has no builder yet");
      },
    })),
    {
      method: "POST",
      path: "/build/prune",
      since: "1.31",
      handle: (exchange) => {
        // What nothing can have put there cannot be in the way of those who clear everything at once.
        exchange.json(200, { CachesDeleted: null, SpaceReclaimed: 0 } satisfies BuildCachePruneResponse);
      },
    },
  ];
}
