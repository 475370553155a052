export {
  type Authorization,
  AuthorizationPlugins,
  type AuthorizationRequest,
  type AuthorizationResponse,
} from "./authorization-plugins.ts";
export { PluginVolumeDrivers } from "./plugin-volume-drivers.ts";
