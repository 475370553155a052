import { Attributes, BodyWriter } from "./attributes.ts";
import { AF_UNSPEC, IFA, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RTM } from "./constants.ts";
import { bytesToIp, type IpFamily, ipToBytes, parsePrefix } from "./ip-bytes.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";
import type { NetlinkSocket } from "./socket.ts";

export interface AddressSpec {
  readonly linkIndex: number;
  /** `address/prefix-length`, IPv4 or IPv6; without a length the address stands alone. */
  readonly prefix: string;
  readonly broadcast?: string;
  /** IPv4 only: the name that old tools show, the link's name or one that starts with it and a colon. */
  readonly label?: string;
  /** IPv6 only: usable at once, without duplicate address detection. */
  readonly noDad?: boolean;
  /** Make no route for the prefix. */
  readonly noPrefixRoute?: boolean;
}

export interface Address {
  readonly linkIndex: number;
  readonly family: IpFamily;
  readonly address: string;
  readonly prefixLength: number;
  readonly broadcast: string | undefined;
  readonly label: string | undefined;
  /** 0 for the whole world, 253 for the link, 254 for the host. */
  readonly scope: number;
  /** IFA_F bits. */
  readonly flags: number;
  /** Whether duplicate address detection has not finished, or has failed. */
  readonly tentative: boolean;
}

/** The struct ifaddrmsg that starts each address message. */
function addressHeader(family: number, prefixLength: number, flags: number, linkIndex: number): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt8(family, 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt8(flags & 0xff, 2);
  header.writeUInt32LE(linkIndex, 4);
  return header;
}

function encodeAddress(spec: AddressSpec): Uint8Array {
  const { address, family, length } = parsePrefix(spec.prefix);
  const flags = (spec.noDad ? IFA.F_NODAD : 0) | (spec.noPrefixRoute ? IFA.F_NOPREFIXROUTE : 0);
  const bytes = ipToBytes(address);
  const body = new BodyWriter(addressHeader(family, length, flags, spec.linkIndex)).bytes(IFA.LOCAL, bytes);
  if (spec.broadcast !== undefined) body.bytes(IFA.BROADCAST, ipToBytes(spec.broadcast));
  body.bytes(IFA.ADDRESS, bytes);
  if (spec.label !== undefined) body.text(IFA.LABEL, spec.label);
  // The header has room for eight bits of flags only.
  if (flags > 0xff) body.u32(IFA.FLAGS, flags);
  return body.finish();
}

/** Adds an address to a link. Errors: EEXIST where the link has it. */
export function addAddress(spec: AddressSpec): NetlinkRequest {
  return {
    type: RTM.NEWADDR,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: encodeAddress(spec),
    description: `add address ${spec.prefix}`,
  };
}

/** Adds an address to a link or renews the one that is there. */
export function replaceAddress(spec: AddressSpec): NetlinkRequest {
  return { ...addAddress(spec), flags: NLM_F_CREATE | NLM_F_REPLACE };
}

/** Takes an address from a link. Errors: EADDRNOTAVAIL where the link does not have it. */
export function deleteAddress(spec: Pick<AddressSpec, "linkIndex" | "prefix">): NetlinkRequest {
  return {
    type: RTM.DELADDR,
    flags: 0,
    body: encodeAddress(spec),
    description: `delete address ${spec.prefix}`,
  };
}

/** Reads an RTM_NEWADDR or RTM_DELADDR message. Source: rtnetlink(7). */
export function decodeAddress(message: NetlinkMessage): Address | undefined {
  const { body } = message;
  const attributes = new Attributes(body, 8);
  // On a point-to-point link IFA_ADDRESS is the other end's.
  const bytes = attributes.bytes(IFA.LOCAL) ?? attributes.bytes(IFA.ADDRESS);
  if (bytes === undefined) return undefined;
  const broadcast = attributes.bytes(IFA.BROADCAST);
  const flags = attributes.u32(IFA.FLAGS) ?? body.readUInt8(2);
  return {
    linkIndex: body.readUInt32LE(4),
    family: body.readUInt8(0) as IpFamily,
    address: bytesToIp(bytes),
    prefixLength: body.readUInt8(1),
    broadcast: broadcast && bytesToIp(broadcast),
    label: attributes.text(IFA.LABEL),
    scope: body.readUInt8(3),
    flags,
    tentative: (flags & (IFA.F_TENTATIVE | IFA.F_DADFAILED)) !== 0,
  };
}

export interface AddressFilter {
  readonly linkIndex?: number;
  readonly family?: IpFamily;
}

/** The addresses of one link or of all links of the socket's namespace. */
export function listAddresses(socket: NetlinkSocket, filter: AddressFilter = {}): Address[] {
  const header = addressHeader(filter.family ?? AF_UNSPEC, 0, 0, filter.linkIndex ?? 0);
  return socket.dump(RTM.GETADDR, header, "list addresses", decodeAddress);
}
