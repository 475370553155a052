export * from "./addresses.ts";
export * from "./conntrack.ts";
export { AF_INET, AF_INET6, bytesToIp, type IpFamily, ipToBytes, parsePrefix } from "./ip-bytes.ts";
export type {
  BridgeOptions,
  BridgePortOptions,
  IpvlanFlag,
  IpvlanMode,
  LinkDetails,
  LinkKind,
  MacvlanMode,
  VxlanOptions,
} from "./link-kinds.ts";
export { isLinkName, type LinkSettings, type NamespaceRef } from "./link-settings.ts";
export * from "./links.ts";
export type { NetlinkRequest } from "./message.ts";
export * from "./neighbours.ts";
export { NetlinkError } from "./netlink-error.ts";
export * from "./routes.ts";
export * from "./rules.ts";
export { type RulesetDeletion, RulesetWatch } from "./ruleset-watch.ts";
export { NetlinkSocket, type NetworkNamespaceRef, withNetlink } from "./socket.ts";
export * from "./subscription.ts";
export * from "./sysctl.ts";
