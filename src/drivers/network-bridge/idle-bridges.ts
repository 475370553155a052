import * as nl from "../../os/linux/netlink/mod.ts";
import type { Host } from "./bridge-link.ts";

/** Removes this engine's bridges that nothing is plugged into. Returns whether it has no link left. Idempotent. */
export function removeIdleBridges(host: Host): boolean {
  const links = nl.listLinks(host.socket);
  const masters = new Set(links.map(({ masterIndex }) => masterIndex));
  const own = links.filter((link) => host.owner.idOf(link) !== undefined);
  const idle = own.filter(({ type, index }) => type === "bridge" && !masters.has(index));
  host.socket.executeIgnoring(
    ["ENODEV"],
    idle.map(({ index }) => nl.deleteLink(index)),
  );
  return idle.length === own.length;
}
