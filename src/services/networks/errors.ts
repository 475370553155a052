import {
  conflict,
  type EngineError,
  internal,
  invalidArgument,
  notFound,
  permissionDenied,
} from "../../base/errors.ts";
import type { EndpointRecord } from "../../core/networks/network-record.ts";

/** Texts that users and clients match on, word for word as docker has them. */

export const noSuchNetwork = (text: string): EngineError => notFound(`network ${text} not found`);

export const ambiguousNetwork = (text: string, matches: number): EngineError =>
  invalidArgument(`network ${text} is ambiguous (${matches} matches found based on ID prefix)`);

export const predefinedNetwork = (name: string): EngineError =>
  permissionDenied(`${name} is a pre-defined network and cannot be removed`);

export const createsPredefined = (name: string): EngineError =>
  permissionDenied(`operation is not permitted on predefined ${name} network `);

export const networkExists = (name: string): EngineError =>
  conflict(`network with name ${name} already exists`);

export const networkInUse = (name: string, endpoints: readonly EndpointRecord[]): EngineError => {
  const list = endpoints.map(({ containerName, id }) => `name:"${containerName}" id:"${id.slice(0, 12)}"`);
  return permissionDenied(
    `error while removing network: network ${name} has active endpoints (${list.join(", ")})`,
  );
};

export const configurationInUse = (name: string): EngineError =>
  permissionDenied(`error while removing network: configuration network ${JSON.stringify(name)} is in use`);

export const endpointOnConfiguration = (): EngineError =>
  permissionDenied("cannot create endpoint on configuration-only network");

export const notSwarmManager = (): EngineError =>
  permissionDenied(
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );

export const endpointExists = (containerName: string, network: string): EngineError =>
  permissionDenied(`endpoint with name ${containerName} already exists in network ${network}`);

export const notConnected = (containerId: string, network: string): EngineError =>
  internal(`container ${containerId} is not connected to network ${network}`);

export const hostNetworkAtRunTime = (): EngineError =>
  invalidArgument(
    "cannot connect container to host network - container must be created in host network mode",
  );

export const leavesHostNetwork = (): EngineError =>
  invalidArgument(
    "cannot disconnect container from host network - container was created in host network mode",
  );

export const sharedNamespace = (): EngineError =>
  invalidArgument(
    "container sharing network namespace with another container or host cannot be connected to any other network",
  );

export const noneAmongOthers = (): EngineError =>
  invalidArgument(
    "container cannot be connected to multiple networks with one of the networks in private (none) mode",
  );

export const staticAddressNeedsUserNetwork = (): string =>
  "user specified IP address is supported on user defined networks only";

export const staticAddressNeedsUserSubnet = (): string =>
  "user specified IP address is supported only when connecting to networks with user configured subnets";

export const aliasesNeedUserNetwork = (): string =>
  "network-scoped alias is supported only for containers in user defined networks";

export const invalidEndpoint = (problems: readonly string[]): EngineError =>
  invalidArgument(`invalid endpoint settings:\n${problems.join("\n")}`);
