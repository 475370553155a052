import { invalidArgument, notImplemented } from "../../base/errors.ts";
import * as nl from "../../os/linux/netlink/mod.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import type { ParentLinkKind, ParentLinkSettings } from "./parent-link-settings.ts";

/** Marks parents as made by this engine for networks of that kind. */
function ownerAlias(kind: ParentLinkKind, engineId: string): string {
  return `gantry-${kind.name}:${engineId}`;
}

/** Errors: notImplemented where the kernel makes no links of that kind. */
export function checkKernel(socket: nl.NetlinkSocket, { name }: ParentLinkKind): void {
  if (nl.canMakeLinks(socket, name)) return;
  throw notImplemented(
    `failed to create the ${name} port: operation not supported: the kernel has no ${name} links`,
  );
}

/**
 * The index of a network's parent link. One named `LINK.VLAN` that does not exist is made on LINK, the one of a network
 * without a parent is a dummy; both are gone when no network has them any more.
 * Idempotent. Errors: invalidArgument; notImplemented where the kernel has no links of that kind.
 */
export function ensureParent(
  socket: nl.NetlinkSocket,
  engineId: string,
  kind: ParentLinkKind,
  { parent, isDummy }: ParentLinkSettings,
): number {
  const link = nl.findLink(socket, parent);
  if (link) return link.index;
  const made: nl.LinkKind = isDummy ? { kind: "dummy" } : subInterfaceOf(socket, parent);
  try {
    socket.execute(
      nl.addLink({ name: parent, up: true }, made),
      nl.changeNamedLink(parent, { alias: ownerAlias(kind, engineId) }),
    );
  } catch (error) {
    if (!isErrno(error, "EOPNOTSUPP")) throw error;
    throw notImplemented(
      isDummy
        ? `the kernel has no dummy links, which a network of the driver ${kind.name} without a parent needs: name one with -o parent=LINK`
        : `the kernel has no VLANs (8021q), so ${parent} cannot be made`,
      { cause: error },
    );
  }
  return nl.findLink(socket, parent)!.index;
}

function subInterfaceOf(socket: nl.NetlinkSocket, parent: string): nl.LinkKind {
  const { base, vlanId } = parseSubInterface(parent);
  const baseLink = nl.findLink(socket, base);
  if (!baseLink) throw invalidArgument(`-o parent interface was not found on the host: ${base}`);
  return { kind: "vlan", parentIndex: baseLink.index, vlanId };
}

/** Splits `eth0.10`. Errors: invalidArgument, with docker's texts. */
export function parseSubInterface(parent: string): { readonly base: string; readonly vlanId: number } {
  const [base = "", digits, ...more] = parent.split(".");
  if (digits === undefined) {
    throw invalidArgument(`invalid subinterface vlan name ${parent}, example formatting is eth0.10`);
  }
  if (more.length > 0) {
    throw invalidArgument(
      `required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received ${parent}`,
    );
  }
  if (base === "" || !/^\d+$/.test(digits)) {
    throw invalidArgument(`unable to parse a valid vlan id from: ${digits} (ex. eth0.10 for vlan 10)`);
  }
  const vlanId = Number(digits);
  if (vlanId < 1 || vlanId > 4094) {
    throw invalidArgument(`vlan id must be between 1-4094, received: ${vlanId}`);
  }
  return { base, vlanId };
}

/** Parents that this engine made for networks of that kind are gone, but for those in `used`. */
export function removeStrayParents(
  socket: nl.NetlinkSocket,
  engineId: string,
  kind: ParentLinkKind,
  used: ReadonlySet<string>,
): void {
  const owner = ownerAlias(kind, engineId);
  const stray = nl.listLinks(socket).filter(({ alias, name }) => alias === owner && !used.has(name));
  socket.executeIgnoring(
    ["ENODEV"],
    stray.map(({ index }) => nl.deleteLink(index)),
  );
}
