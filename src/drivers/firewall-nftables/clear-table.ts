import * as nft from "../../os/linux/nftables/mod.ts";
import { CHAINS, MAPS } from "./base-rules.ts";
import { isBridgeChain } from "./bridge-rules.ts";

const OWN_CHAINS: ReadonlySet<string> = new Set(
  Object.values(CHAINS).filter((chain) => chain !== CHAINS.user),
);
const OWN_MAPS: ReadonlySet<string> = new Set(Object.values(MAPS));

function namesOf(found: readonly nft.NftablesObject[], kind: "chain" | "map" | "set"): string[] {
  return found.flatMap((object) => {
    const value = object[kind] as { readonly name: string } | undefined;
    return value ? [value.name] : [];
  });
}

/**
 * The table exists afterwards with the user's chain and whatever else an administrator put there; this engine's chains
 * are gone, its maps empty. `found` is what the table holds now.
 */
export function clearCommands(table: nft.NftTable, found: readonly nft.NftablesObject[]): nft.NftCommand[] {
  const chains = namesOf(found, "chain").filter((name) => OWN_CHAINS.has(name) || isBridgeChain(name));
  const maps = namesOf(found, "map").filter((name) => OWN_MAPS.has(name));
  const sets = namesOf(found, "set").filter((name) => OWN_MAPS.has(name));
  return [
    nft.addTable(table),
    nft.addChain(table, CHAINS.user),
    // Rules refer to maps and chains, elements to chains: what refers goes first.
    ...chains.map((chain) => nft.flushChain(table, chain)),
    ...maps.map((map) => nft.flushMap(table, map)),
    ...sets.map((set) => nft.flushSet(table, set)),
    ...chains.map((chain) => nft.deleteChain(table, chain)),
  ];
}
