export { InterfaceNames } from "./interface-names.ts";
export { NetworkSandboxes } from "./network-sandboxes.ts";
export { newEndpoint } from "./new-endpoint.ts";
export { configureInterface, type DefaultRoute, setDefaultRoutes } from "./sandbox-interface.ts";
