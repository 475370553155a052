export { NetworkSandboxes, type NetworkSandboxesOptions } from "./network-sandboxes.ts";
