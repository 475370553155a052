import { type EngineError, notImplemented, unavailable } from "../../../base/errors.ts";
import type { Endpoint } from "../../server/endpoint.ts";

/** What every request answers that only a manager of a swarm can serve. */
export function notManager(): EngineError {
  return unavailable(
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
}

const OUTSIDE_SWARM = "This node is not part of a swarm";

/** Endpoints of a swarm's manager, on a node that is in no swarm. */
const MANAGER_PATHS: ReadonlyArray<readonly [method: Endpoint["method"], path: string, since?: string]> = [
  ["GET", "/swarm"],
  ["GET", "/swarm/unlockkey"],
  ["POST", "/swarm/update"],
  ["GET", "/services"],
  ["POST", "/services/create"],
  ["GET", "/services/:id"],
  ["GET", "/services/:id/logs"],
  ["POST", "/services/:id/update"],
  ["DELETE", "/services/:id"],
  ["GET", "/nodes"],
  ["GET", "/nodes/:id"],
  ["POST", "/nodes/:id/update"],
  ["DELETE", "/nodes/:id"],
  ["GET", "/tasks"],
  ["GET", "/tasks/:id"],
  ["GET", "/tasks/:id/logs"],
  ["GET", "/secrets", "1.25"],
  ["POST", "/secrets/create", "1.25"],
  ["GET", "/secrets/:id", "1.25"],
  ["POST", "/secrets/:id/update", "1.25"],
  ["DELETE", "/secrets/:id", "1.25"],
  ["GET", "/configs", "1.30"],
  ["POST", "/configs/create", "1.30"],
  ["GET", "/configs/:id", "1.30"],
  ["POST", "/configs/:id/update", "1.30"],
  ["DELETE", "/configs/:id", "1.30"],
];

/** The swarm as a node sees it that is in none. */
export function swarmRoutes(): Endpoint[] {
  const refusing = (method: Endpoint["method"], path: string, error: () => EngineError, since?: string) => ({
    method,
    path,
    ...(since === undefined ? {} : { since }),
    handle: () => {
      throw error();
    },
  });
  const missing = () => notImplemented("this engine has no swarm mode yet");
  return [
    ...MANAGER_PATHS.map(([method, path, since]) => refusing(method, path, notManager, since)),
    refusing("POST", "/swarm/init", missing),
    refusing("POST", "/swarm/join", missing),
    refusing("POST", "/swarm/leave", () => unavailable(OUTSIDE_SWARM)),
    refusing("POST", "/swarm/unlock", () => unavailable(OUTSIDE_SWARM)),
  ];
}
