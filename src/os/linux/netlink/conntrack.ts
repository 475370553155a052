import { Attributes, BodyWriter } from "./attributes.ts";
import { NETLINK_NETFILTER } from "./constants.ts";
import { AF_INET, bytesToIp, type IpFamily, ipToBytes } from "./ip-bytes.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";
import { NetlinkSocket, type NetworkNamespaceRef } from "./socket.ts";

/** Messages and attributes of connection tracking. Source: linux/netfilter/nfnetlink_conntrack.h. */
const NFNL_SUBSYS_CTNETLINK = 1;
const CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1;
const CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2;
const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, ID: 12, ZONE: 18, FILTER: 25 } as const;
const CTA_TUPLE = { IP: 1, PROTO: 2 } as const;
const CTA_IP = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 } as const;
const CTA_PROTO = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const;
const CTA_FILTER_ORIG_FLAGS = 1;
const FILTER_IP_DST = 1 << 1;
const FILTER_PROTO_NUM = 1 << 3;
const FILTER_PROTO_DST_PORT = 1 << 5;
const HEADER_BYTES = 4;

export const IP_PROTOCOL = { tcp: 6, udp: 17, sctp: 132 } as const;
export type TransportProtocol = keyof typeof IP_PROTOCOL;

/** One direction of a tracked connection. */
export interface ConnectionTuple {
  readonly source: string;
  readonly destination: string;
  /** Number of the IP protocol. */
  readonly protocol: number;
  /** Undefined for protocols without ports. */
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
}

export interface TrackedConnection {
  /** As the first packet was sent, before any address translation. */
  readonly original: ConnectionTuple;
  /** As answers come back: its source is the real server. */
  readonly reply: ConnectionTuple;
}

/** Which connections are meant; what is left out may be anything. */
export interface ConnectionFilter {
  readonly family: IpFamily;
  readonly protocol: TransportProtocol;
  /** Address and port that the client sent to. */
  readonly destination?: string;
  readonly destinationPort?: number;
  /** Address and port of the server that answers. */
  readonly replySource?: string;
  readonly replySourcePort?: number;
}

/** A socket that the functions of this file take. Errors: SyscallError. */
export function openConntrackSocket(namespace?: NetworkNamespaceRef): NetlinkSocket {
  const options = { protocol: NETLINK_NETFILTER };
  return NetlinkSocket.open(namespace === undefined ? options : { ...options, namespace });
}

/** The struct nfgenmsg that starts each message. */
function header(family: number): Uint8Array {
  return Uint8Array.of(family, 0, 0, 0);
}

function writeDumpFilter(body: BodyWriter, filter: ConnectionFilter): void {
  let flags = FILTER_PROTO_NUM;
  const { destination, destinationPort } = filter;
  body.nest(
    CTA.TUPLE_ORIG,
    (tuple) => {
      if (destination !== undefined) {
        flags |= FILTER_IP_DST;
        const type = filter.family === AF_INET ? CTA_IP.V4_DST : CTA_IP.V6_DST;
        tuple.nest(CTA_TUPLE.IP, (ip) => ip.bytes(type, ipToBytes(destination)), { marked: true });
      }
      tuple.nest(
        CTA_TUPLE.PROTO,
        (proto) => {
          proto.u8(CTA_PROTO.NUM, IP_PROTOCOL[filter.protocol]);
          if (destinationPort === undefined) return;
          flags |= FILTER_PROTO_DST_PORT;
          proto.u16be(CTA_PROTO.DST_PORT, destinationPort);
        },
        { marked: true },
      );
    },
    { marked: true },
  );
  body.nest(CTA.FILTER, (wanted) => wanted.u32(CTA_FILTER_ORIG_FLAGS, flags), { marked: true });
}

function readTuple(tuple: Attributes): ConnectionTuple | undefined {
  const ip = tuple.nested(CTA_TUPLE.IP);
  const proto = tuple.nested(CTA_TUPLE.PROTO);
  const source = ip.bytes(CTA_IP.V4_SRC) ?? ip.bytes(CTA_IP.V6_SRC);
  const destination = ip.bytes(CTA_IP.V4_DST) ?? ip.bytes(CTA_IP.V6_DST);
  const protocol = proto.u8(CTA_PROTO.NUM);
  if (!source || !destination || protocol === undefined) return undefined;
  return {
    source: bytesToIp(source),
    destination: bytesToIp(destination),
    protocol,
    sourcePort: proto.u16be(CTA_PROTO.SRC_PORT),
    destinationPort: proto.u16be(CTA_PROTO.DST_PORT),
  };
}

function readConnection(attributes: Attributes): TrackedConnection | undefined {
  const original = readTuple(attributes.nested(CTA.TUPLE_ORIG));
  const reply = readTuple(attributes.nested(CTA.TUPLE_REPLY));
  return original && reply && { original, reply };
}

function matches({ original, reply }: TrackedConnection, filter: ConnectionFilter): boolean {
  const fits = <T>(wanted: T | undefined, found: T) => wanted === undefined || wanted === found;
  return (
    original.protocol === IP_PROTOCOL[filter.protocol] &&
    fits(filter.destination, original.destination) &&
    fits(filter.destinationPort, original.destinationPort) &&
    fits(filter.replySource, reply.source) &&
    fits(filter.replySourcePort, reply.sourcePort)
  );
}

async function dumpMatching<T>(
  socket: NetlinkSocket,
  filter: ConnectionFilter,
  pick: (connection: TrackedConnection, attributes: Attributes) => T,
): Promise<T[]> {
  const body = new BodyWriter(header(filter.family));
  writeDumpFilter(body, filter);
  // A busy host has a million connections: looking through them takes the kernel longer than anything else may wait.
  // Kernels before 5.8 ignore the filter and answer the whole table, so everything is looked at here again.
  return await socket.dumpAside(CT_GET, body.finish(), "list connections", (message: NetlinkMessage) => {
    const attributes = new Attributes(message.body, HEADER_BYTES);
    const connection = readConnection(attributes);
    return connection && matches(connection, filter) ? pick(connection, attributes) : undefined;
  });
}

/** The tracked connections that fit the filter. One call at a time on a socket. */
export async function listConnections(
  socket: NetlinkSocket,
  filter: ConnectionFilter,
): Promise<TrackedConnection[]> {
  return await dumpMatching(socket, filter, (connection) => connection);
}

function deletion(family: IpFamily, attributes: Attributes): NetlinkRequest {
  const body = new BodyWriter(header(family));
  // The kernel finds an entry by the tuple and its zone; the id makes sure that it is still the same one.
  for (const type of [CTA.TUPLE_ORIG, CTA.ZONE, CTA.ID]) {
    const value = attributes.bytes(type);
    if (value) body.bytes(type === CTA.TUPLE_ORIG ? type | 0x8000 : type, value);
  }
  return { type: CT_DELETE, flags: 0, body: body.finish(), description: "delete connection" };
}

/**
 * Forgets the tracked connections that fit the filter, so that the next packet of each is translated by the rules
 * of then: needed when a published UDP port gets, changes or loses its container. Returns how many were forgotten;
 * one that ended meanwhile is no error. One call at a time on a socket.
 */
export async function deleteConnections(socket: NetlinkSocket, filter: ConnectionFilter): Promise<number> {
  const requests = await dumpMatching(socket, filter, (_connection, attributes) =>
    deletion(filter.family, attributes),
  );
  return socket.executeIgnoring(["ENOENT"], requests);
}
