import * as nl from "../../os/linux/netlink/mod.ts";
import type { Host } from "./bridge-link.ts";

/** Removes this engine's bridges and pairs that belong to no network or endpoint of `known`. Idempotent. */
export function removeStrayLinks(host: Host, known: ReadonlySet<string>): void {
  const stray = nl.listLinks(host.socket).filter((link) => {
    const id = host.owner.idOf(link);
    return id !== undefined && !known.has(id);
  });
  host.socket.executeIgnoring(
    ["ENODEV"],
    stray.map(({ index }) => nl.deleteLink(index)),
  );
}
