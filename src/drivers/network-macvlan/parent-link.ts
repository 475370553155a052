import { invalidArgument, notImplemented } from "../../base/errors.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { DUMMY_PREFIX } from "./macvlan-settings.ts";

/** Marks sub-interfaces as this engine's, with the network that they were made for. */
function aliasOf(engineId: string, networkId: string): string {
  return `gantry-vlan:${engineId}:${networkId}`;
}

/**
 * The index of a network's parent link. One named `LINK.VLAN` that does not exist is made on LINK, the one of a network
 * without a parent is a dummy; both belong to the network.
 * Idempotent. Errors: invalidArgument; notImplemented where the kernel has no links of that kind.
 */
export function ensureParent(
  socket: nl.NetlinkSocket,
  engineId: string,
  networkId: string,
  parent: string,
): number {
  const link = nl.findLink(socket, parent);
  if (link) return link.index;
  const kind: nl.LinkKind = parent.startsWith(DUMMY_PREFIX)
    ? { kind: "dummy" }
    : subInterfaceOf(socket, parent);
  try {
    socket.execute(
      nl.addLink({ name: parent, up: true }, kind),
      nl.changeNamedLink(parent, { alias: aliasOf(engineId, networkId) }),
    );
  } catch (error) {
    if (!isErrno(error, "EOPNOTSUPP")) throw error;
    throw notImplemented(
      kind.kind === "dummy"
        ? "the kernel has no dummy links, which a macvlan network without a parent needs: name one with -o parent=LINK"
        : `the kernel has no VLANs (8021q), so ${parent} cannot be made`,
      { cause: error },
    );
  }
  return nl.findLink(socket, parent)!.index;
}

function subInterfaceOf(socket: nl.NetlinkSocket, parent: string): nl.LinkKind {
  const { base, vlanId } = parseSubInterface(parent);
  const baseLink = nl.findLink(socket, base);
  if (!baseLink) throw invalidArgument(`failed to find master interface ${base} on the Docker host`);
  return { kind: "vlan", parentIndex: baseLink.index, vlanId };
}

function parseSubInterface(parent: string): { readonly base: string; readonly vlanId: number } {
  const dot = parent.lastIndexOf(".");
  const vlanId = Number(parent.slice(dot + 1));
  if (dot <= 0 || !/^\d+$/.test(parent.slice(dot + 1))) {
    throw invalidArgument(`invalid subinterface vlan name ${parent}, example formatting is eth0.10`);
  }
  if (vlanId < 1 || vlanId > 4094) {
    throw invalidArgument(`vlan id must be between 1-4094, received: ${vlanId}`);
  }
  return { base: parent.slice(0, dot), vlanId };
}

/** Sub-interfaces that this engine made for networks that are not in `known` are gone. */
export function removeStrayParents(
  socket: nl.NetlinkSocket,
  engineId: string,
  known: ReadonlySet<string>,
): void {
  const prefix = aliasOf(engineId, "");
  const stray = nl.listLinks(socket).filter(({ alias }) => {
    return alias?.startsWith(prefix) && !known.has(alias.slice(prefix.length));
  });
  socket.executeIgnoring(
    ["ENODEV"],
    stray.map(({ index }) => nl.deleteLink(index)),
  );
}
