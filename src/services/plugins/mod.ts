export {
  type Authorization,
  AuthorizationPlugins,
  type AuthorizationRequest,
  type AuthorizationResponse,
} from "./authorization-plugins.ts";
export {
  fullNameOf,
  ManagedPluginService,
  PluginPaths,
} from "./managed/mod.ts";
export { PluginLogDrivers } from "./plugin-log-drivers.ts";
export { pluginNames } from "./plugin-names.ts";
export { PluginNetworkDrivers } from "./plugin-network-drivers.ts";
export { PluginVolumeDrivers } from "./plugin-volume-drivers.ts";
