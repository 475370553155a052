import { Attributes, BodyWriter } from "./attributes.ts";
import {
  AF_BRIDGE,
  AF_UNSPEC,
  NDA,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM,
} from "./constants.ts";
import { bytesToIp, bytesToMac, familyOf, type IpFamily, ipToBytes, macToBytes } from "./ip-bytes.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";
import type { NetlinkSocket } from "./socket.ts";

const STATES = { reachable: 0x02, stale: 0x04, noarp: 0x40, permanent: 0x80 } as const;
export type NeighbourState = keyof typeof STATES;
const NTF_SELF = 0x02;
const NTF_MASTER = 0x04;
const NTF_PROXY = 0x08;

/** Which hardware address an IP address has on a link. */
export interface NeighbourSpec {
  readonly linkIndex: number;
  readonly address: string;
  readonly mac: string;
  readonly state?: NeighbourState;
}

/** Where frames to a hardware address go: the forwarding table of a vxlan link or of a bridge. */
export interface ForwardingSpec {
  readonly linkIndex: number;
  readonly mac: string;
  /** The tunnel end behind which the address is (vxlan). */
  readonly destination?: string;
  /** The table of the link itself (vxlan, the default) or of the bridge that it is a port of. */
  readonly table?: "self" | "master";
  readonly state?: NeighbourState;
  readonly vlanId?: number;
}

export interface Neighbour {
  readonly linkIndex: number;
  /** Undefined for an entry of a forwarding table without a destination. */
  readonly address: string | undefined;
  readonly mac: string | undefined;
  /** NUD bits. Source: linux/neighbour.h. */
  readonly state: number;
  readonly permanent: boolean;
  /** NTF bits. */
  readonly flags: number;
}

/** The struct ndmsg that starts each neighbour message. */
function neighbourHeader(family: number, linkIndex: number, state: number, flags: number): Uint8Array {
  const header = Buffer.alloc(12);
  header.writeUInt8(family, 0);
  header.writeInt32LE(linkIndex, 4);
  header.writeUInt16LE(state, 8);
  header.writeUInt8(flags, 10);
  return header;
}

function encodeNeighbour(spec: NeighbourSpec): Uint8Array {
  const state = STATES[spec.state ?? "permanent"];
  return new BodyWriter(neighbourHeader(familyOf(spec.address), spec.linkIndex, state, 0))
    .bytes(NDA.DST, ipToBytes(spec.address))
    .bytes(NDA.LLADDR, macToBytes(spec.mac))
    .finish();
}

/** Adds a neighbour entry. Errors: EEXIST where the address has one. */
export function addNeighbour(spec: NeighbourSpec): NetlinkRequest {
  return {
    type: RTM.NEWNEIGH,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: encodeNeighbour(spec),
    description: `add neighbour ${spec.address}`,
  };
}

/** Adds a neighbour entry or changes the one that the address has. */
export function replaceNeighbour(spec: NeighbourSpec): NetlinkRequest {
  const flags = NLM_F_CREATE | NLM_F_REPLACE;
  return { ...addNeighbour(spec), flags, description: `replace neighbour ${spec.address}` };
}

/** Deletes the neighbour entry of an address. Errors: ENOENT where it has none. */
export function deleteNeighbour(spec: Pick<NeighbourSpec, "linkIndex" | "address">): NetlinkRequest {
  const body = new BodyWriter(neighbourHeader(familyOf(spec.address), spec.linkIndex, 0, 0));
  body.bytes(NDA.DST, ipToBytes(spec.address));
  const description = `delete neighbour ${spec.address}`;
  return { type: RTM.DELNEIGH, flags: 0, body: body.finish(), description };
}

function encodeForwarding(spec: ForwardingSpec): Uint8Array {
  const { table = "self", state = "permanent" } = spec;
  const flags = table === "self" ? NTF_SELF : NTF_MASTER;
  // As bridge(8) writes it: what is permanent is not asked for by ARP and so does not age either.
  const bits = state === "permanent" ? STATES.permanent | STATES.noarp : STATES[state];
  const body = new BodyWriter(neighbourHeader(AF_BRIDGE, spec.linkIndex, bits, flags));
  body.bytes(NDA.LLADDR, macToBytes(spec.mac));
  if (spec.destination !== undefined) body.bytes(NDA.DST, ipToBytes(spec.destination));
  if (spec.vlanId !== undefined) body.u16(NDA.VLAN, spec.vlanId);
  return body.finish();
}

/** Adds a forwarding entry. Errors: EEXIST where the address has one. */
export function addForwarding(spec: ForwardingSpec): NetlinkRequest {
  return {
    type: RTM.NEWNEIGH,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: encodeForwarding(spec),
    description: `add forwarding entry ${spec.mac}`,
  };
}

/** Adds one more destination for a hardware address (the all-zero one: every unknown address). */
export function appendForwarding(spec: ForwardingSpec): NetlinkRequest {
  return { ...addForwarding(spec), flags: NLM_F_CREATE | NLM_F_APPEND };
}

/** Adds a forwarding entry or changes the one that the address has. */
export function replaceForwarding(spec: ForwardingSpec): NetlinkRequest {
  return { ...addForwarding(spec), flags: NLM_F_CREATE | NLM_F_REPLACE };
}

/** Deletes a forwarding entry. Errors: ENOENT where there is none. */
export function deleteForwarding(spec: ForwardingSpec): NetlinkRequest {
  const description = `delete forwarding entry ${spec.mac}`;
  return { type: RTM.DELNEIGH, flags: 0, body: encodeForwarding(spec), description };
}

/** Reads an RTM_NEWNEIGH or RTM_DELNEIGH message. Source: rtnetlink(7). */
export function decodeNeighbour(message: NetlinkMessage): Neighbour {
  const { body } = message;
  const attributes = new Attributes(body, 12);
  const address = attributes.bytes(NDA.DST);
  const mac = attributes.bytes(NDA.LLADDR);
  const state = body.readUInt16LE(8);
  return {
    linkIndex: body.readInt32LE(4),
    address: address && bytesToIp(address),
    mac: mac && bytesToMac(mac),
    state,
    permanent: (state & STATES.permanent) !== 0,
    flags: body.readUInt8(10),
  };
}

export interface NeighbourFilter {
  readonly linkIndex?: number;
  readonly family?: IpFamily;
}

/** The neighbour entries of one link or of all links. */
export function listNeighbours(socket: NetlinkSocket, filter: NeighbourFilter = {}): Neighbour[] {
  const body = new BodyWriter(neighbourHeader(filter.family ?? AF_UNSPEC, 0, 0, 0));
  if (filter.linkIndex !== undefined) body.u32(NDA.IFINDEX, filter.linkIndex);
  return socket.dump(RTM.GETNEIGH, body.finish(), "list neighbours", (message) => {
    const neighbour = decodeNeighbour(message);
    return neighbour.flags & NTF_PROXY ? undefined : neighbour;
  });
}

/** The forwarding entries of one link: those of its own table and those that its bridge keeps for it. */
export function listForwarding(socket: NetlinkSocket, linkIndex: number): Neighbour[] {
  const header = neighbourHeader(AF_BRIDGE, linkIndex, 0, 0);
  return socket
    .dump(RTM.GETNEIGH, header, "list forwarding entries", decodeNeighbour)
    .filter((entry) => entry.linkIndex === linkIndex);
}
