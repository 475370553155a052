export { describeEndpoint, describePorts } from "./describe.ts";
export { NetworkService, type NetworkServiceParts } from "./network-service.ts";
