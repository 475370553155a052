export type { AllowedFlow } from "./allowed-flow.ts";
export type { FamilyRules, FirewalledBridge } from "./bridge-rules.ts";
export { EngineFirewall, firewallTableName } from "./engine-firewall.ts";
export { type Firewall, NoFirewall } from "./firewall.ts";
export type { InputLoop } from "./input-policy.ts";
export type { PublishedPort } from "./published-port.ts";
