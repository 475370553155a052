export { decodeFrames, encodeFrame } from "./entry-frames.ts";
export { LogPluginDriver } from "./log-plugin-driver.ts";
