export { describeEndpoint, describePorts } from "./describe.ts";
export type { NetworkedContainer } from "./endpoints.ts";
export {
  endpointExists,
  hostNetworkAtRunTime,
  leavesHostNetwork,
  noneAmongOthers,
  notConnected,
  sharedNamespace,
} from "./errors.ts";
export { NetworkService, type NetworkServiceParts } from "./network-service.ts";
