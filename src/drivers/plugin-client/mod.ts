export type { PluginDirectories } from "./discovery.ts";
export { type CallOptions, PluginClient } from "./plugin-client.ts";
export { Plugins } from "./plugins.ts";
export { PluginRefusal, Reply } from "./reply.ts";
