export { AuthorizationPlugins } from "./authorization-plugins.ts";
export { PluginVolumeDrivers } from "./plugin-volume-drivers.ts";
