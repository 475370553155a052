export * from "./expression.ts";
export { Nftables, type NftablesObject, type NftablesOptions } from "./nftables.ts";
export { NftablesError } from "./nftables-error.ts";
export * from "./script.ts";
