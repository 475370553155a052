import * as nft from "../../os/linux/nftables/mod.ts";
import { MAPS } from "./base-rules.ts";

/** One port of a container that another container of the same bridge reaches although the bridge keeps them apart. */
export interface AllowedFlow {
  /** IPv4 addresses of who asks and of who is asked. */
  readonly source: string;
  readonly destination: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly port: number;
}

/** A text that is the same for the same flow. */
export function flowKey({ source, destination, protocol, port }: AllowedFlow): string {
  return `${source} ${destination} ${protocol} ${port}`;
}

function elementKey({ source, destination, protocol, port }: AllowedFlow): nft.NftText {
  return nft.concat(nft.address(source), nft.address(destination), nft.protocol(protocol), nft.port(port));
}

export function addFlowCommands(table: nft.NftTable, flows: readonly AllowedFlow[]): nft.NftCommand[] {
  if (flows.length === 0) return [];
  return [
    nft.addElements(
      table,
      MAPS.flows,
      flows.map((flow) => ({ key: elementKey(flow) })),
    ),
  ];
}

/** Undoes `addFlowCommands`. */
export function removeFlowCommands(table: nft.NftTable, flows: readonly AllowedFlow[]): nft.NftCommand[] {
  return flows.length === 0 ? [] : [nft.deleteElements(table, MAPS.flows, flows.map(elementKey))];
}
