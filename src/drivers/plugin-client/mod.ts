export type { PluginDirectories } from "./discovery.ts";
export { PluginClient, PluginRefusal } from "./plugin-client.ts";
export { type PluginKind, Plugins } from "./plugins.ts";
