export type { PluginAddress, PluginDirectories } from "./discovery.ts";
export { type ConnectPlugin, DriversByName } from "./drivers-by-name.ts";
export { type CallOptions, PluginClient } from "./plugin-client.ts";
export { type ManagedPluginFinder, Plugins } from "./plugins.ts";
export { isListening } from "./reach.ts";
export { PluginRefusal, Reply } from "./reply.ts";
