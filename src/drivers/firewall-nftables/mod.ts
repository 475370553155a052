export type { FirewalledBridge } from "./bridge-rules.ts";
export { EngineFirewall, type EngineFirewallOptions, firewallTableName } from "./engine-firewall.ts";
export { type Firewall, NoFirewall } from "./firewall.ts";
export type { PublishedPort } from "./published-port.ts";
