import { isErrno } from "../syscall-error.ts";
import { Attributes, BodyWriter } from "./attributes.ts";
import { IFF, IFLA, NLM_F_CREATE, NLM_F_EXCL, RTM } from "./constants.ts";
import { bytesToMac } from "./ip-bytes.ts";
import {
  type BridgeOptions,
  type BridgePortOptions,
  type LinkDetails,
  type LinkKind,
  parentIndexOf,
  readBridgePort,
  readLinkDetails,
  writeBridgePort,
  writeLinkInfo,
} from "./link-kinds.ts";
import { checkLinkName, type LinkSettings, linkHeader, startLinkBody } from "./link-settings.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";
import type { NetlinkSocket } from "./socket.ts";

/** Traffic of a link since it was made. */
export interface LinkStatistics {
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxErrors: number;
  readonly txErrors: number;
  readonly rxDropped: number;
  readonly txDropped: number;
}

export interface Link {
  readonly index: number;
  readonly name: string;
  /** The kernel's name of the kind (`bridge`, `veth`); empty for hardware and loopback. */
  readonly type: string;
  readonly mtu: number;
  /** Undefined for a link without a hardware address. */
  readonly mac: string | undefined;
  /** IFF bits. */
  readonly flags: number;
  readonly up: boolean;
  /** Whether there is a carrier: both ends of a veth pair up, a cable in. */
  readonly lowerUp: boolean;
  readonly loopback: boolean;
  readonly masterIndex: number | undefined;
  /** Index of the veth peer or of the link that this one sits on, in the namespace that `peerNamespaceId` names. */
  readonly peerIndex: number | undefined;
  /** The kernel's id of the namespace where the peer is, where that is another one. */
  readonly peerNamespaceId: number | undefined;
  readonly alias: string | undefined;
  readonly txQueueLength: number;
  readonly statistics: LinkStatistics | undefined;
  readonly details: LinkDetails;
  /** How the link behaves as a port, where its master is a bridge. */
  readonly bridgePort: Required<BridgePortOptions> | undefined;
}

/** A link by index or by name. */
export type LinkRef = number | string;

function readStatistics(bytes: Buffer | undefined): LinkStatistics | undefined {
  if (bytes === undefined || bytes.length < 64) return undefined;
  const counter = (position: number) => Number(bytes.readBigUInt64LE(position * 8));
  return {
    rxPackets: counter(0),
    txPackets: counter(1),
    rxBytes: counter(2),
    txBytes: counter(3),
    rxErrors: counter(4),
    txErrors: counter(5),
    rxDropped: counter(6),
    txDropped: counter(7),
  };
}

/** Reads an RTM_NEWLINK or RTM_DELLINK message. Source: rtnetlink(7). */
export function decodeLink(message: NetlinkMessage): Link {
  const { body } = message;
  const attributes = new Attributes(body, 16);
  const info = attributes.nested(IFLA.LINKINFO);
  const flags = body.readUInt32LE(8);
  const mac = attributes.bytes(IFLA.ADDRESS);
  const namespaceId = attributes.u32(IFLA.LINK_NETNSID);
  return {
    index: body.readInt32LE(4),
    name: attributes.text(IFLA.IFNAME) ?? "",
    type: info.text(IFLA.INFO_KIND) ?? "",
    mtu: attributes.u32(IFLA.MTU) ?? 0,
    mac: mac === undefined || mac.length === 0 ? undefined : bytesToMac(mac),
    flags,
    up: (flags & IFF.UP) !== 0,
    lowerUp: (flags & IFF.LOWER_UP) !== 0,
    loopback: (flags & IFF.LOOPBACK) !== 0,
    masterIndex: attributes.u32(IFLA.MASTER) || undefined,
    peerIndex: attributes.u32(IFLA.LINK) || undefined,
    peerNamespaceId: namespaceId === undefined ? undefined : namespaceId | 0,
    alias: attributes.text(IFLA.IFALIAS) || undefined,
    txQueueLength: attributes.u32(IFLA.TXQLEN) ?? 0,
    statistics: readStatistics(attributes.bytes(IFLA.STATS64)),
    details: readLinkDetails(info),
    bridgePort: readBridgePort(info),
  };
}

function refHeader(ref: LinkRef, flags = 0, change = 0): BodyWriter {
  const body = new BodyWriter(linkHeader(typeof ref === "number" ? ref : 0, flags, change));
  if (typeof ref === "string") body.text(IFLA.IFNAME, checkLinkName(ref));
  return body;
}

/**
 * Makes a link. A veth pair appears at once with its peer in the peer's namespace under its final name.
 * Errors: EEXIST for a name or index in use, EOPNOTSUPP for a kind that the kernel lacks.
 */
export function addLink(settings: LinkSettings & { readonly name: string }, kind: LinkKind): NetlinkRequest {
  const body = startLinkBody(settings, parentIndexOf(kind));
  writeLinkInfo(body, kind);
  return {
    type: RTM.NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: body.finish(),
    description: `add ${kind.kind} link ${settings.name}`,
  };
}

/** Whether the kernel can make links of the kind `name`; it loads the module for it where there is one. */
export function canMakeLinks(socket: NetlinkSocket, name: "macvlan" | "ipvlan"): boolean {
  // Without a parent no such link can be made; the kernel looks for the kind first.
  const body = refHeader(0);
  body.nest(IFLA.LINKINFO, (info) => info.text(IFLA.INFO_KIND, name, false));
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  const description = `probe for ${name} links`;
  try {
    socket.execute({ type: RTM.NEWLINK, flags, body: body.finish(), description });
  } catch (error) {
    if (isErrno(error, "EOPNOTSUPP")) return false;
    if (!isErrno(error, "EINVAL")) throw error;
  }
  return true;
}

/** Changes what `settings` names of the link with that index, its name included; the rest stays. */
export function changeLink(index: number, settings: Omit<LinkSettings, "index">): NetlinkRequest {
  const body = startLinkBody({ ...settings, index });
  return { type: RTM.NEWLINK, flags: 0, body: body.finish(), description: `change link ${index}` };
}

/** Changes what `settings` names of the link that is called `name`: for batches where the index is not known yet. */
export function changeNamedLink(
  name: string,
  settings: Omit<LinkSettings, "index" | "name">,
): NetlinkRequest {
  const body = startLinkBody({ ...settings, name });
  return { type: RTM.NEWLINK, flags: 0, body: body.finish(), description: `change link ${name}` };
}

/** Takes a link up or down. */
export function setLinkUp(ref: LinkRef, up = true): NetlinkRequest {
  const body = refHeader(ref, up ? IFF.UP : 0, IFF.UP);
  return {
    type: RTM.NEWLINK,
    flags: 0,
    body: body.finish(),
    description: `set link ${ref} ${up ? "up" : "down"}`,
  };
}

/** Changes options of an existing bridge. */
export function changeBridge(ref: LinkRef, options: BridgeOptions): NetlinkRequest {
  const body = refHeader(ref);
  writeLinkInfo(body, { kind: "bridge", ...options });
  return { type: RTM.NEWLINK, flags: 0, body: body.finish(), description: `change bridge ${ref}` };
}

/** Changes options of a link in its role as the port of a bridge. Errors: EOPNOTSUPP where it is in no bridge. */
export function changeBridgePort(ref: LinkRef, options: BridgePortOptions): NetlinkRequest {
  const body = refHeader(ref);
  body.nest(IFLA.LINKINFO, (info) => {
    info.text(IFLA.INFO_SLAVE_KIND, "bridge", false);
    info.nest(IFLA.INFO_SLAVE_DATA, (data) => writeBridgePort(data, options));
  });
  return { type: RTM.NEWLINK, flags: 0, body: body.finish(), description: `change bridge port ${ref}` };
}

/** Deletes a link, and the peer with it. Errors: ENODEV where there is none. */
export function deleteLink(ref: LinkRef): NetlinkRequest {
  return { type: RTM.DELLINK, flags: 0, body: refHeader(ref).finish(), description: `delete link ${ref}` };
}

/** All links of the socket's namespace. */
export function listLinks(socket: NetlinkSocket): Link[] {
  return socket.dump(RTM.GETLINK, linkHeader(0), "list links", decodeLink);
}

/** The link with that name or index, undefined where there is none. */
export function findLink(socket: NetlinkSocket, ref: LinkRef): Link | undefined {
  try {
    const request = {
      type: RTM.GETLINK,
      flags: 0,
      body: refHeader(ref).finish(),
      description: `get link ${ref}`,
    };
    return socket.query(request, decodeLink)[0];
  } catch (error) {
    if (isErrno(error, "ENODEV")) return undefined;
    throw error;
  }
}
