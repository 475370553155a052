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

  get isEmpty(): boolean {
    return this.#ids.size === 0;
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

  /** Whether somebody else took a link that is to be there, or an address of one, by what was deleted. */
  isDamage(deletions: readonly nl.NetworkEvent[], socket: nl.NetlinkSocket): boolean {
    const gone = new Set<number>();
    const robbed = new Set<number>();
    for (const event of deletions) {
      // Events that were lost may have been any.
      if (event.subject === "overrun") return true;
      if (event.subject === "address") robbed.add(event.address.linkIndex);
      if (event.subject !== "link") continue;
      if (this.#isMade(event.link)) return true;
      gone.add(event.link.index);
    }
    return [...robbed].some((index) => !gone.has(index) && this.#isMade(nl.findLink(socket, index)));
  }

  #isMade(link: nl.Link | undefined): boolean {
    const id = link && this.#owner.idOf(link);
    return id !== undefined && (this.#ids.has(id) || id === INPUT_LOOP_ID);
  }
}
