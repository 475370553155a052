import { invalidArgument } from "../../../base/errors.ts";
import type { Attributes, BodyWriter } from "./attributes.ts";
import { IFLA, IFLA_BR, IFLA_BRPORT, IFLA_VXLAN } from "./constants.ts";
import { AF_INET, bytesToIp, familyOf, ipToBytes } from "./ip-bytes.ts";
import { type LinkSettings, writeLinkSettings } from "./link-settings.ts";

/** What a bridge can be told. Times are in hundredths of a second, as the kernel counts them. */
export interface BridgeOptions {
  readonly forwardDelayCentiseconds?: number;
  readonly stp?: boolean;
  /** How long a learned address is kept; 0 makes the bridge forget at once. */
  readonly ageingCentiseconds?: number;
  readonly vlanFiltering?: boolean;
  readonly multicastSnooping?: boolean;
  /** Whether bridged IPv4 (IPv6) traffic passes the iptables hooks of this bridge. */
  readonly callIptables?: boolean;
  readonly callIp6tables?: boolean;
}

const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
export type MacvlanMode = keyof typeof MACVLAN_MODES;

const IPVLAN_MODES = { l2: 0, l3: 1, l3s: 2 } as const;
export type IpvlanMode = keyof typeof IPVLAN_MODES;

const IPVLAN_FLAGS = { bridge: 0, private: 1, vepa: 2 } as const;
export type IpvlanFlag = keyof typeof IPVLAN_FLAGS;

export interface VxlanOptions {
  /** Network identifier, 24 bits. */
  readonly vni: number;
  /** UDP port of the tunnel; the kernel's default is not the IANA one, so it is always named. */
  readonly port: number;
  readonly local?: string;
  /** Address that unknown destinations are sent to: a peer or a multicast group. */
  readonly remote?: string;
  /** Index of the link that carries the tunnel. */
  readonly underlayIndex?: number;
  readonly learning?: boolean;
  /** Answer ARP from the neighbour table. */
  readonly proxy?: boolean;
  /** Report unknown hardware (protocol) addresses as netlink events. */
  readonly l2miss?: boolean;
  readonly l3miss?: boolean;
}

/** What makes a link the kind that it is. */
export type LinkKind =
  | ({ readonly kind: "bridge" } & BridgeOptions)
  // The kernel refuses to make a peer that is up: it is not connected to anything at that moment.
  | { readonly kind: "veth"; readonly peer: Omit<LinkSettings, "up"> }
  | { readonly kind: "macvlan"; readonly parentIndex: number; readonly mode: MacvlanMode }
  | {
      readonly kind: "ipvlan";
      readonly parentIndex: number;
      readonly mode: IpvlanMode;
      readonly flag: IpvlanFlag;
    }
  | { readonly kind: "vlan"; readonly parentIndex: number; readonly vlanId: number }
  | ({ readonly kind: "vxlan" } & VxlanOptions)
  | { readonly kind: "dummy" }
  | { readonly kind: "ifb" };

/** The link that a kind sits on; it is told outside the kind's own attributes. */
export function parentIndexOf(kind: LinkKind): number | undefined {
  return "parentIndex" in kind ? kind.parentIndex : undefined;
}

function writeBridge(body: BodyWriter, options: BridgeOptions): void {
  if (options.forwardDelayCentiseconds !== undefined) {
    body.u32(IFLA_BR.FORWARD_DELAY, options.forwardDelayCentiseconds);
  }
  if (options.stp !== undefined) body.u32(IFLA_BR.STP_STATE, Number(options.stp));
  if (options.ageingCentiseconds !== undefined) body.u32(IFLA_BR.AGEING_TIME, options.ageingCentiseconds);
  if (options.vlanFiltering !== undefined) body.u8(IFLA_BR.VLAN_FILTERING, options.vlanFiltering);
  if (options.multicastSnooping !== undefined) body.u8(IFLA_BR.MCAST_SNOOPING, options.multicastSnooping);
  if (options.callIptables !== undefined) body.u8(IFLA_BR.NF_CALL_IPTABLES, options.callIptables);
  if (options.callIp6tables !== undefined) body.u8(IFLA_BR.NF_CALL_IP6TABLES, options.callIp6tables);
}

function writeVxlan(body: BodyWriter, options: VxlanOptions): void {
  if (!Number.isInteger(options.vni) || options.vni < 0 || options.vni >= 2 ** 24) {
    throw invalidArgument(`invalid VXLAN network identifier: ${options.vni}`);
  }
  if (options.proxy !== undefined) body.u8(IFLA_VXLAN.PROXY, options.proxy);
  if (options.l2miss !== undefined) body.u8(IFLA_VXLAN.L2MISS, options.l2miss);
  if (options.l3miss !== undefined) body.u8(IFLA_VXLAN.L3MISS, options.l3miss);
  body.u32(IFLA_VXLAN.ID, options.vni);
  writeTunnelEnd(body, options.remote, IFLA_VXLAN.GROUP, IFLA_VXLAN.GROUP6);
  writeTunnelEnd(body, options.local, IFLA_VXLAN.LOCAL, IFLA_VXLAN.LOCAL6);
  if (options.underlayIndex !== undefined) body.u32(IFLA_VXLAN.LINK, options.underlayIndex);
  body.u8(IFLA_VXLAN.LEARNING, options.learning ?? true);
  body.u16be(IFLA_VXLAN.PORT, options.port);
}

function writeTunnelEnd(body: BodyWriter, address: string | undefined, v4: number, v6: number): void {
  if (address !== undefined) body.bytes(familyOf(address) === AF_INET ? v4 : v6, ipToBytes(address));
}

function writeKindData(body: BodyWriter, kind: LinkKind): void {
  switch (kind.kind) {
    case "bridge":
      writeBridge(body, kind);
      return;
    case "veth":
      writeLinkSettings(body, IFLA.VETH_PEER, kind.peer);
      return;
    case "macvlan":
      body.u32(IFLA.MACVLAN_MODE, MACVLAN_MODES[kind.mode]);
      return;
    case "ipvlan":
      body.u16(IFLA.IPVLAN_MODE, IPVLAN_MODES[kind.mode]);
      body.u16(IFLA.IPVLAN_FLAGS, IPVLAN_FLAGS[kind.flag]);
      return;
    case "vlan":
      body.u16(IFLA.VLAN_ID, kind.vlanId);
      return;
    case "vxlan":
      writeVxlan(body, kind);
      return;
    case "dummy":
    case "ifb":
      return;
  }
}

/** Writes the attribute that names the kind and carries its options. */
export function writeLinkInfo(body: BodyWriter, kind: LinkKind): void {
  const hasData = kind.kind !== "dummy" && kind.kind !== "ifb";
  body.nest(IFLA.LINKINFO, (info) => {
    info.text(IFLA.INFO_KIND, kind.kind, false);
    if (hasData) info.nest(IFLA.INFO_DATA, (data) => writeKindData(data, kind));
  });
}

/** What a port of a bridge can be told. */
export interface BridgePortOptions {
  /** Send frames back out of the port that they came in by. */
  readonly hairpin?: boolean;
  /** Exchange no frames with other isolated ports. */
  readonly isolated?: boolean;
  readonly learning?: boolean;
  /** Receive frames for unknown unicast destinations. */
  readonly flood?: boolean;
  /** Answer ARP and neighbour solicitations on behalf of the port from what the bridge knows. */
  readonly neighbourSuppress?: boolean;
}

/** Writes the options of a link that is a port of a bridge. */
export function writeBridgePort(body: BodyWriter, options: BridgePortOptions): void {
  if (options.hairpin !== undefined) body.u8(IFLA_BRPORT.MODE, options.hairpin);
  if (options.learning !== undefined) body.u8(IFLA_BRPORT.LEARNING, options.learning);
  if (options.flood !== undefined) body.u8(IFLA_BRPORT.UNICAST_FLOOD, options.flood);
  if (options.neighbourSuppress !== undefined) body.u8(IFLA_BRPORT.NEIGH_SUPPRESS, options.neighbourSuppress);
  if (options.isolated !== undefined) body.u8(IFLA_BRPORT.ISOLATED, options.isolated);
}

/** Reads what `writeBridgePort` writes; undefined where the link is no port of a bridge. */
export function readBridgePort(info: Attributes): Required<BridgePortOptions> | undefined {
  if (info.text(IFLA.INFO_SLAVE_KIND) !== "bridge") return undefined;
  const data = info.nested(IFLA.INFO_SLAVE_DATA);
  const isOn = (type: number) => data.u8(type) === 1;
  return {
    hairpin: isOn(IFLA_BRPORT.MODE),
    isolated: isOn(IFLA_BRPORT.ISOLATED),
    learning: isOn(IFLA_BRPORT.LEARNING),
    flood: isOn(IFLA_BRPORT.UNICAST_FLOOD),
    neighbourSuppress: isOn(IFLA_BRPORT.NEIGH_SUPPRESS),
  };
}

/** What the kernel tells about a link of a known kind; `other` for every kind that the engine never makes. */
export type LinkDetails =
  | ({ readonly kind: "bridge" } & Required<Omit<BridgeOptions, "callIptables" | "callIp6tables">>)
  | { readonly kind: "macvlan"; readonly mode: MacvlanMode | undefined }
  | {
      readonly kind: "ipvlan";
      readonly mode: IpvlanMode | undefined;
      readonly flag: IpvlanFlag | undefined;
    }
  | { readonly kind: "vlan"; readonly vlanId: number }
  | {
      readonly kind: "vxlan";
      readonly vni: number;
      readonly port: number;
      readonly local: string | undefined;
      readonly remote: string | undefined;
      readonly underlayIndex: number | undefined;
      readonly learning: boolean;
    }
  | { readonly kind: "other" };

function readBridge(data: Attributes): LinkDetails {
  return {
    kind: "bridge",
    forwardDelayCentiseconds: data.u32(IFLA_BR.FORWARD_DELAY) ?? 0,
    stp: data.u32(IFLA_BR.STP_STATE) === 1,
    ageingCentiseconds: data.u32(IFLA_BR.AGEING_TIME) ?? 0,
    vlanFiltering: data.u8(IFLA_BR.VLAN_FILTERING) === 1,
    multicastSnooping: data.u8(IFLA_BR.MCAST_SNOOPING) === 1,
  };
}

function readVxlan(data: Attributes): LinkDetails {
  const local = data.bytes(IFLA_VXLAN.LOCAL) ?? data.bytes(IFLA_VXLAN.LOCAL6);
  const remote = data.bytes(IFLA_VXLAN.GROUP) ?? data.bytes(IFLA_VXLAN.GROUP6);
  return {
    kind: "vxlan",
    vni: data.u32(IFLA_VXLAN.ID) ?? 0,
    port: data.u16be(IFLA_VXLAN.PORT) ?? 0,
    local: local && bytesToIp(local),
    remote: remote && bytesToIp(remote),
    underlayIndex: data.u32(IFLA_VXLAN.LINK),
    learning: data.u8(IFLA_VXLAN.LEARNING) === 1,
  };
}

function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  number: number | undefined,
): Name | undefined {
  return (Object.keys(numbers) as Name[]).find((name) => numbers[name] === number);
}

/** Reads the options out of the attribute that `writeLinkInfo` writes. */
export function readLinkDetails(info: Attributes): LinkDetails {
  const data = info.nested(IFLA.INFO_DATA);
  switch (info.text(IFLA.INFO_KIND)) {
    case "bridge":
      return readBridge(data);
    case "macvlan":
      return { kind: "macvlan", mode: nameOf(MACVLAN_MODES, data.u32(IFLA.MACVLAN_MODE)) };
    case "ipvlan":
      return {
        kind: "ipvlan",
        mode: nameOf(IPVLAN_MODES, data.u16(IFLA.IPVLAN_MODE)),
        flag: nameOf(IPVLAN_FLAGS, data.u16(IFLA.IPVLAN_FLAGS)),
      };
    case "vlan":
      return { kind: "vlan", vlanId: data.u16(IFLA.VLAN_ID) ?? 0 };
    case "vxlan":
      return readVxlan(data);
    default:
      return { kind: "other" };
  }
}
