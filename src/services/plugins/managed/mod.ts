export { fullNameOf } from "./find-plugin.ts";
export { ManagedPluginService } from "./managed-plugin-service.ts";
export { PluginPaths } from "./plugin-paths.ts";
