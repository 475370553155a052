import { notImplemented } from "../../../base/errors.ts";
import type { Endpoint } from "../../server/endpoint.ts";

/** Endpoints of the builder, which is not there yet. */
export function buildRoutes(): Endpoint[] {
  return (["/build", "/build/prune", "/build/cancel", "/session", "/grpc"] as const).map((path) => ({
    method: "POST",
    path,
    handle: () => {
      throw notImplemented("this engine has no builder yet");
    },
  }));
}
