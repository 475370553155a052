export { fullNameOf } from "./find-plugin.ts";
export type { ManagedPluginParts } from "./managed-plugin-parts.ts";
export { type InstallOptions, ManagedPluginService } from "./managed-plugin-service.ts";
export { PluginPaths } from "./plugin-paths.ts";
