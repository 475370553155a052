import type { Endpoint } from "../../server/endpoint.ts";
import { archiveRoutes } from "./archive.ts";
import { attachRoutes } from "./attach.ts";
import type { ContainersBackend } from "./backend.ts";
import { type ContainerRouteOptions, createRoute } from "./create.ts";
import { lifecycleRoutes } from "./lifecycle.ts";
import { logsRoute } from "./logs.ts";
import { readRoutes } from "./read.ts";

/** Every endpoint below `/containers` but those of execs. */
export function containerRoutes(backend: ContainersBackend, options: ContainerRouteOptions): Endpoint[] {
  return [
    ...readRoutes(backend),
    logsRoute(backend),
    createRoute(backend, options),
    ...lifecycleRoutes(backend),
    ...attachRoutes(backend),
    ...archiveRoutes(backend),
  ];
}
