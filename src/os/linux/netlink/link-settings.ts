import { invalidArgument } from "../../../base/errors.ts";
import { BodyWriter } from "./attributes.ts";
import { IFF, IFLA } from "./constants.ts";
import { macToBytes } from "./ip-bytes.ts";

/** The namespace that a link is made in or moved to: an open descriptor, or that of a process. */
export type NamespaceRef = { readonly fd: number } | { readonly pid: number };

/** What every kind of link can be told. What is left out stays as it is (or becomes the kernel's default). */
export interface LinkSettings {
  readonly name?: string;
  /**
   * Index to make the link with; the kernel picks one where it is left out and refuses one in use. That of a veth
   * peer counts only where the pair's own end is given one too.
   */
  readonly index?: number;
  readonly mac?: string;
  readonly mtu?: number;
  readonly txQueueLength?: number;
  readonly alias?: string;
  /** Index of the bridge that the link becomes a port of; 0 takes it out of its bridge. */
  readonly masterIndex?: number;
  readonly up?: boolean;
  readonly arp?: boolean;
  readonly multicast?: boolean;
  readonly promiscuous?: boolean;
  readonly namespace?: NamespaceRef;
}

/** Bytes of a link name with its terminating NUL. Source: linux/if.h, IFNAMSIZ. */
const MAX_NAME_BYTES = 16;

/** Whether the kernel takes `name` for a link. Source: net/core/dev.c, dev_valid_name. */
export function isLinkName(name: string): boolean {
  if (name === "" || name === "." || name === ".." || Buffer.byteLength(name) >= MAX_NAME_BYTES) return false;
  return !/[/:\s\0]/.test(name);
}

/** Errors: invalidArgument for a name that the kernel would refuse. */
export function checkLinkName(name: string): string {
  if (!isLinkName(name)) throw invalidArgument(`invalid interface name: ${JSON.stringify(name)}`);
  return name;
}

/** The struct ifinfomsg that starts each link message; `change` says which bits of `flags` count. */
export function linkHeader(index: number, flags = 0, change = 0): Uint8Array {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(change, 12);
  return header;
}

function settingsHeader(settings: LinkSettings): Uint8Array {
  const wanted: ReadonlyArray<readonly [number, boolean | undefined]> = [
    [IFF.UP, settings.up],
    [IFF.NOARP, settings.arp === undefined ? undefined : !settings.arp],
    [IFF.MULTICAST, settings.multicast],
    [IFF.PROMISC, settings.promiscuous],
  ];
  let flags = 0;
  let change = 0;
  for (const [bit, on] of wanted) {
    if (on === undefined) continue;
    change |= bit;
    if (on) flags |= bit;
  }
  return linkHeader(settings.index ?? 0, flags, change);
}

function writeSettings(body: BodyWriter, settings: LinkSettings): void {
  if (settings.mac !== undefined) body.bytes(IFLA.ADDRESS, macToBytes(settings.mac));
  if (settings.mtu !== undefined) body.u32(IFLA.MTU, settings.mtu);
  if (settings.txQueueLength !== undefined) body.u32(IFLA.TXQLEN, settings.txQueueLength);
  if (settings.masterIndex !== undefined) body.u32(IFLA.MASTER, settings.masterIndex);
  if (settings.namespace !== undefined) writeNamespace(body, settings.namespace);
  if (settings.name !== undefined) body.text(IFLA.IFNAME, checkLinkName(settings.name));
  if (settings.alias !== undefined) body.text(IFLA.IFALIAS, settings.alias, false);
}

function writeNamespace(body: BodyWriter, namespace: NamespaceRef): void {
  if ("fd" in namespace) body.u32(IFLA.NET_NS_FD, namespace.fd);
  else body.u32(IFLA.NET_NS_PID, namespace.pid);
}

/** Starts a link message with `settings`; `parentIndex` is the link that the new one sits on. */
export function startLinkBody(settings: LinkSettings, parentIndex?: number): BodyWriter {
  const body = new BodyWriter(settingsHeader(settings));
  if (parentIndex !== undefined) body.u32(IFLA.LINK, parentIndex);
  writeSettings(body, settings);
  return body;
}

/** Writes `settings` as an attribute that holds a whole link message: the peer of a veth pair. */
export function writeLinkSettings(body: BodyWriter, type: number, settings: LinkSettings): void {
  body.nest(type, (nested) => writeSettings(nested, settings), { prefix: settingsHeader(settings) });
}
