import { invalidArgument } from "../../../base/errors.ts";
import { Attributes, BodyWriter } from "./attributes.ts";
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, RTA, RTM } from "./constants.ts";
import { AF_INET, AF_INET6, bytesToIp, familyOf, type IpFamily, ipToBytes, parsePrefix } from "./ip-bytes.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";
import type { NetlinkSocket } from "./socket.ts";

/** Numbers of the tables, protocols and scopes of routes. Source: rtnetlink(7). */
export const ROUTE_TABLE = { default: 253, main: 254, local: 255 } as const;
const PROTOCOLS = { unspecified: 0, kernel: 2, boot: 3, static: 4 } as const;
const SCOPES = { universe: 0, link: 253, host: 254, nowhere: 255 } as const;
const TYPES = { unicast: 1, local: 2, broadcast: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
const RTNH_F_ONLINK = 4;
const RTM_F_CLONED = 0x200;

export type RouteProtocol = keyof typeof PROTOCOLS;
export type RouteScope = keyof typeof SCOPES;
export type RouteType = keyof typeof TYPES;

export interface RouteSpec {
  /** `address/prefix-length`, or `default`. */
  readonly destination: string;
  /** Needed where neither the destination nor the gateway tells it. */
  readonly family?: IpFamily;
  readonly gateway?: string;
  readonly linkIndex?: number;
  /** The gateway is a neighbour on the link even where no address of the link covers it. */
  readonly onLink?: boolean;
  /** Source address of traffic that this machine sends along the route. */
  readonly preferredSource?: string;
  /** Lower is preferred; the kernel's own default is 0 for IPv4 and 1024 for IPv6. */
  readonly metric?: number;
  readonly table?: number;
  readonly protocol?: RouteProtocol;
  readonly scope?: RouteScope;
  readonly type?: RouteType;
}

export interface Route {
  readonly family: IpFamily;
  /** `address/prefix-length`, or `default`. */
  readonly destination: string;
  readonly gateway: string | undefined;
  readonly linkIndex: number | undefined;
  readonly onLink: boolean;
  readonly preferredSource: string | undefined;
  readonly metric: number | undefined;
  readonly table: number;
  /** Numbers as rtnetlink(7) lists them. */
  readonly protocol: number;
  readonly scope: number;
  readonly type: number;
}

interface RouteHeader {
  readonly family: number;
  readonly destinationLength?: number;
  readonly table?: number;
  readonly protocol?: number;
  readonly scope?: number;
  readonly type?: number;
  readonly flags?: number;
}

/** The struct rtmsg that starts each route message. */
function routeHeader(header: RouteHeader): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(header.family, 0);
  bytes.writeUInt8(header.destinationLength ?? 0, 1);
  bytes.writeUInt8(header.table ?? 0, 4);
  bytes.writeUInt8(header.protocol ?? 0, 5);
  bytes.writeUInt8(header.scope ?? 0, 6);
  bytes.writeUInt8(header.type ?? 0, 7);
  bytes.writeUInt32LE(header.flags ?? 0, 8);
  return bytes;
}

function familyOfRoute(spec: RouteSpec): IpFamily {
  if (spec.destination !== "default") return parsePrefix(spec.destination).family;
  if (spec.gateway !== undefined) return familyOf(spec.gateway);
  if (spec.family !== undefined) return spec.family;
  throw invalidArgument("a default route without a gateway needs an address family");
}

function scopeOf(spec: RouteSpec, family: IpFamily): number {
  if (spec.scope !== undefined) return SCOPES[spec.scope];
  const direct = spec.gateway === undefined && spec.linkIndex !== undefined;
  // IPv6 has one scope; an IPv4 route without a gateway reaches only what is on the link.
  return family === AF_INET && direct ? SCOPES.link : SCOPES.universe;
}

function encodeRoute(spec: RouteSpec, deleting: boolean): Uint8Array {
  const family = familyOfRoute(spec);
  const prefix = spec.destination === "default" ? undefined : parsePrefix(spec.destination);
  const table = spec.table ?? ROUTE_TABLE.main;
  // A deletion says nowhere, 0 and 0 where any scope, protocol and type will do.
  const anyScope = deleting && spec.scope === undefined;
  const body = new BodyWriter(
    routeHeader({
      family,
      destinationLength: prefix?.length ?? 0,
      table: table > 0xff ? 0 : table,
      protocol: PROTOCOLS[spec.protocol ?? (deleting ? "unspecified" : "boot")],
      scope: anyScope ? SCOPES.nowhere : scopeOf(spec, family),
      type: deleting && spec.type === undefined ? 0 : TYPES[spec.type ?? "unicast"],
      flags: spec.onLink ? RTNH_F_ONLINK : 0,
    }),
  );
  if (prefix !== undefined) body.bytes(RTA.DST, ipToBytes(prefix.address));
  if (spec.gateway !== undefined) writeGateway(body, family, spec.gateway);
  if (spec.preferredSource !== undefined) body.bytes(RTA.PREFSRC, ipToBytes(spec.preferredSource));
  if (table > 0xff) body.u32(RTA.TABLE, table);
  if (spec.linkIndex !== undefined) body.u32(RTA.OIF, spec.linkIndex);
  if (spec.metric !== undefined) body.u32(RTA.PRIORITY, spec.metric);
  return body.finish();
}

function writeGateway(body: BodyWriter, family: IpFamily, gateway: string): void {
  const bytes = ipToBytes(gateway);
  const gatewayFamily = familyOf(gateway);
  if (gatewayFamily === family) {
    body.bytes(RTA.GATEWAY, bytes);
    return;
  }
  // An IPv4 network behind an IPv6 gateway: the attribute starts with the gateway's family.
  body.bytes(RTA.VIA, Buffer.concat([Uint8Array.of(gatewayFamily, 0), bytes]));
}

function describe(verb: string, spec: RouteSpec): string {
  return spec.gateway === undefined
    ? `${verb} route ${spec.destination}`
    : `${verb} route ${spec.destination} via ${spec.gateway}`;
}

/** Adds a route. Errors: EEXIST where one to that destination with that metric is there, ENETUNREACH for a gateway that no link reaches. */
export function addRoute(spec: RouteSpec): NetlinkRequest {
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  return { type: RTM.NEWROUTE, flags, body: encodeRoute(spec, false), description: describe("add", spec) };
}

/** Adds a route in place of the one to that destination with that metric, if there is one. */
export function replaceRoute(spec: RouteSpec): NetlinkRequest {
  const flags = NLM_F_CREATE | NLM_F_REPLACE;
  return {
    type: RTM.NEWROUTE,
    flags,
    body: encodeRoute(spec, false),
    description: describe("replace", spec),
  };
}

/** Adds a route behind those to the same destination. */
export function appendRoute(spec: RouteSpec): NetlinkRequest {
  const flags = NLM_F_CREATE | NLM_F_APPEND;
  return { type: RTM.NEWROUTE, flags, body: encodeRoute(spec, false), description: describe("append", spec) };
}

/** Deletes the first route that fits all that `spec` says. Errors: ESRCH where there is none. */
export function deleteRoute(spec: RouteSpec): NetlinkRequest {
  return {
    type: RTM.DELROUTE,
    flags: 0,
    body: encodeRoute(spec, true),
    description: describe("delete", spec),
  };
}

function readGateway(attributes: Attributes): string | undefined {
  const gateway = attributes.bytes(RTA.GATEWAY) ?? attributes.bytes(RTA.VIA)?.subarray(2);
  return gateway && bytesToIp(gateway);
}

/** Reads an RTM_NEWROUTE or RTM_DELROUTE message of IPv4 or IPv6; undefined for another family. */
export function decodeRoute(message: NetlinkMessage): Route | undefined {
  const { body } = message;
  const family = body.readUInt8(0);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const attributes = new Attributes(body, 12);
  const destination = attributes.bytes(RTA.DST);
  const preferredSource = attributes.bytes(RTA.PREFSRC);
  return {
    family,
    destination: destination === undefined ? "default" : `${bytesToIp(destination)}/${body.readUInt8(1)}`,
    gateway: readGateway(attributes),
    linkIndex: attributes.u32(RTA.OIF),
    onLink: (body.readUInt32LE(8) & RTNH_F_ONLINK) !== 0,
    preferredSource: preferredSource && bytesToIp(preferredSource),
    metric: attributes.u32(RTA.PRIORITY),
    table: attributes.u32(RTA.TABLE) ?? body.readUInt8(4),
    protocol: body.readUInt8(5),
    scope: body.readUInt8(6),
    type: body.readUInt8(7),
  };
}

export interface RouteFilter {
  readonly family: IpFamily;
  /** All tables where it is left out. */
  readonly table?: number;
  readonly linkIndex?: number;
}

/** The routes of one family that fit the filter. */
export function listRoutes(socket: NetlinkSocket, filter: RouteFilter): Route[] {
  const { family, table, linkIndex } = filter;
  return socket
    .dump(RTM.GETROUTE, routeHeader({ family }), "list routes", (message) =>
      message.body.readUInt32LE(8) & RTM_F_CLONED ? undefined : decodeRoute(message),
    )
    .filter((route) => table === undefined || route.table === table)
    .filter((route) => linkIndex === undefined || route.linkIndex === linkIndex);
}

/** The route that a packet to `address` would take. Errors: ENETUNREACH where there is none. */
export function getRoute(socket: NetlinkSocket, address: string): Route {
  const { family, length } = parsePrefix(address);
  const body = new BodyWriter(routeHeader({ family, destinationLength: length }));
  body.bytes(RTA.DST, ipToBytes(address));
  const description = `get route to ${address}`;
  const [route] = socket.query(
    { type: RTM.GETROUTE, flags: 0, body: body.finish(), description },
    decodeRoute,
  );
  if (route === undefined) throw invalidArgument(`no route of a known family to ${address}`);
  return route;
}
