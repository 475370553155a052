import type { Endpoint } from "../server/endpoint.ts";
import { buildRoutes } from "./build/routes.ts";
import type { ContainersBackend } from "./containers/backend.ts";
import { containerRoutes } from "./containers/routes.ts";
import type { DistributionBackend } from "./distribution/backend.ts";
import { distributionRoutes } from "./distribution/routes.ts";
import type { ExecBackend } from "./exec/backend.ts";
import { execRoutes } from "./exec/routes.ts";
import type { ImagesBackend } from "./images/backend.ts";
import { imageRoutes } from "./images/routes.ts";
import type { NetworksBackend } from "./networks/backend.ts";
import { networkRoutes } from "./networks/routes.ts";
import type { PluginsBackend } from "./plugins/backend.ts";
import { pluginRoutes } from "./plugins/routes.ts";
import { swarmRoutes } from "./swarm/routes.ts";
import type { SystemBackend } from "./system/backend.ts";
import { systemRoutes } from "./system/routes.ts";
import type { VolumeCopiesBackend, VolumesBackend } from "./volumes/backend.ts";
import { volumeCopyRoutes } from "./volumes/copy-routes.ts";
import { volumeRoutes } from "./volumes/routes.ts";

export type {
  ContainersBackend,
  DistributionBackend,
  ExecBackend,
  ImagesBackend,
  NetworksBackend,
  PluginsBackend,
  SystemBackend,
  VolumesBackend,
};

/** The services behind the API, one for each noun. */
export interface ApiBackends {
  readonly containers: ContainersBackend;
  readonly exec: ExecBackend;
  readonly images: ImagesBackend;
  readonly distribution: DistributionBackend;
  readonly networks: NetworksBackend;
  readonly volumes: VolumesBackend;
  readonly volumeCopies: VolumeCopiesBackend;
  readonly plugins: PluginsBackend;
  readonly system: SystemBackend;
}

/** What answers depend on beside the backends. */
export interface EndpointOptions {
  /** Whether the host's cgroup controllers are in the unified hierarchy. */
  readonly cgroupV2: boolean;
  /** Builder that clients should use: `2` is BuildKit, `1` the classic one; left out while there is none. */
  readonly builderVersion?: "1" | "2";
}

/** Every endpoint of the Engine API over these services. */
export function allEndpoints(backends: ApiBackends, options: EndpointOptions): Endpoint[] {
  return [
    ...containerRoutes(backends.containers, { cgroupV2: options.cgroupV2 }),
    ...execRoutes(backends.exec),
    ...imageRoutes(backends.images),
    ...distributionRoutes(backends.distribution),
    ...networkRoutes(backends.networks),
    ...volumeRoutes(backends.volumes),
    ...volumeCopyRoutes(backends.volumeCopies),
    ...systemRoutes(backends.system, { builderVersion: options.builderVersion }),
    ...swarmRoutes(),
    ...pluginRoutes(backends.plugins),
    ...buildRoutes(),
  ];
}
