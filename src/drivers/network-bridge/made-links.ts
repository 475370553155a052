import * as nl from "../../os/linux/netlink/mod.ts";
import { INPUT_LOOP_ID } from "./input-loop.ts";
import type { LinkOwner } from "./link-owner.ts";

/** What an engine has made in the kernel and not taken back: networks, and endpoints that are in their sandboxes, by id. */
export class MadeLinks {
  readonly #ids = new Set<string>();
  readonly #owner: LinkOwner;

  constructor(owner: LinkOwner) {
    this.#owner = owner;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
  }

  delete(id: string): void {
    this.#ids.delete(id);
  }

  /** Whether somebody else took a link that is to be there, or an address of one. */
  isDamage(event: nl.NetworkEvent, socket: nl.NetlinkSocket): boolean {
    if (event.subject === "overrun" || event.action !== "deleted") return false;
    if (event.subject === "link") return this.#isMade(event.link);
    if (event.subject !== "address") return false;
    const link = nl.findLink(socket, event.address.linkIndex);
    return link !== undefined && this.#isMade(link);
  }

  #isMade(link: nl.Link): boolean {
    const id = this.#owner.idOf(link);
    return id !== undefined && (this.#ids.has(id) || id === INPUT_LOOP_ID);
  }
}
