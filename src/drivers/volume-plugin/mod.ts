export { VolumePluginDriver } from "./volume-plugin-driver.ts";
