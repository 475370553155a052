export { NetworkPlugin } from "./network-plugin.ts";
export { NetworkPluginDriver } from "./network-plugin-driver.ts";
