import { invalidArgument } from "../../../base/errors.ts";
import { familyOf, macToBytes, parsePrefix } from "../netlink/ip-bytes.ts";
import { isLinkName } from "../netlink/link-settings.ts";

/** Families of tables. Source: nft(8), "ADDRESS FAMILIES". */
export type NftFamily = "ip" | "ip6" | "inet" | "bridge" | "arp" | "netdev";

declare const checked: unique symbol;

/**
 * A piece of nft(8) text that was checked to be one value or expression. Only the functions of this file make them,
 * so that nothing a user named can add a command of its own.
 */
export interface NftText {
  readonly text: string;
  readonly [checked]: true;
}

const made = new WeakSet<NftText>();

function wrap(text: string): NftText {
  const value = Object.freeze({ text }) as NftText;
  made.add(value);
  return value;
}

/** The text of a value that this file made. Errors: invalidArgument for anything else, whatever its type claims. */
export function textOf(value: NftText): string {
  if (!made.has(value)) throw invalidArgument("a value for nftables must come from a checking function");
  return value.text;
}

/**
 * Joins fixed text of the program with checked values: nft`ip daddr ${address(x)} accept`. Only for text in the
 * source code: what comes from outside goes through one of the other functions.
 */
export function nft(fixed: TemplateStringsArray, ...values: readonly NftText[]): NftText {
  const parts = fixed.map((text, i) => (i < values.length ? text + textOf(values[i]!) : text));
  return wrap(parts.join(""));
}

/** Longest name of a table, chain, set or map, in bytes. Source: linux/netfilter/nf_tables.h, NFT_NAME_MAXLEN. */
const MAX_NAME_LENGTH = 255;
/** Longest comment, in bytes. Source: libnftnl, NFTNL_UDATA_COMMENT_MAXLEN. */
const MAX_COMMENT_BYTES = 127;

/**
 * The name of a table, chain, set or map. A word of nft(8)'s own language (`fwd`, `map`) passes here and fails as a
 * syntax error when it is run. Errors: invalidArgument.
 */
export function name(text: string): NftText {
  if (!/^[A-Za-z][A-Za-z0-9_./-]*$/.test(text) || text.length > MAX_NAME_LENGTH) {
    throw invalidArgument(`invalid nftables name: ${JSON.stringify(text)}`);
  }
  return wrap(text);
}

function quote(text: string, what: string): NftText {
  // Quoted text of nft has no escapes: a quote ends it, so there cannot be one inside.
  if (/["\\\p{Cc}]/u.test(text))
    throw invalidArgument(`invalid ${what} for nftables: ${JSON.stringify(text)}`);
  return wrap(`"${text}"`);
}

/** A link name to compare with `iifname` and `oifname`. Errors: invalidArgument. */
export function linkName(text: string): NftText {
  // A star at the end would match every name that starts so.
  if (!isLinkName(text) || text.includes("*"))
    throw invalidArgument(`invalid interface name: ${JSON.stringify(text)}`);
  return quote(text, "interface name");
}

/** All link names that start with `prefix`. Errors: invalidArgument. */
export function linkNamePrefix(prefix: string): NftText {
  return wrap(`${linkName(prefix).text.slice(0, -1)}*"`);
}

/** A comment; longer text is refused, not cut. Errors: invalidArgument. */
export function comment(text: string): NftText {
  if (Buffer.byteLength(text) > MAX_COMMENT_BYTES) {
    throw invalidArgument(`a comment for nftables has at most ${MAX_COMMENT_BYTES} bytes`);
  }
  return quote(text, "comment");
}

/** An IPv4 or IPv6 address. Errors: invalidArgument. */
export function address(text: string): NftText {
  familyOf(text);
  return wrap(text);
}

/** A network, `address/length`; one address without a length. Errors: invalidArgument. */
export function network(text: string): NftText {
  parsePrefix(text);
  return wrap(text);
}

/** Addresses from `first` to `last`, both included. Errors: invalidArgument. */
export function addressRange(first: string, last: string): NftText {
  if (familyOf(first) !== familyOf(last))
    throw invalidArgument(`${first} and ${last} are of different families`);
  return wrap(`${first}-${last}`);
}

/** A MAC address. Errors: invalidArgument. */
export function mac(text: string): NftText {
  macToBytes(text);
  return wrap(text.toLowerCase());
}

function checkInteger(value: number, max: number, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw invalidArgument(`invalid ${what} for nftables: ${value}`);
  }
  return value;
}

/** A port. Errors: invalidArgument. */
export function port(value: number): NftText {
  return wrap(String(checkInteger(value, 0xffff, "port")));
}

/** Ports from `first` to `last`, both included. Errors: invalidArgument. */
export function portRange(first: number, last: number): NftText {
  if (first === last) return port(first);
  if (last < first) throw invalidArgument(`invalid port range: ${first}-${last}`);
  return wrap(`${port(first).text}-${port(last).text}`);
}

/** A number of up to 32 bits: a mark, an index. Errors: invalidArgument. */
export function number(value: number): NftText {
  return wrap(String(checkInteger(value, 0xffffffff, "number")));
}

/** A transport protocol. */
export function protocol(value: "tcp" | "udp" | "sctp"): NftText {
  if (!["tcp", "udp", "sctp"].includes(value))
    throw invalidArgument(`invalid protocol: ${JSON.stringify(value)}`);
  return wrap(value);
}

/** Several values as one key or datum: `tcp . 8080`. */
export function concat(...values: readonly NftText[]): NftText {
  return wrap(values.map(textOf).join(" . "));
}

/** A set without a name: `{ 80, 443 }`. Errors: invalidArgument for an empty one. */
export function anonymousSet(values: readonly NftText[]): NftText {
  if (values.length === 0) throw invalidArgument("a set in a rule needs an element");
  return wrap(`{ ${values.map(textOf).join(", ")} }`);
}

/** A reference to a named set or map: `@name`. Errors: invalidArgument. */
export function reference(setName: string): NftText {
  return wrap(`@${name(setName).text}`);
}

/** Where a packet goes next. */
export function verdict(kind: "accept" | "drop" | "return" | "continue"): NftText {
  if (!["accept", "drop", "return", "continue"].includes(kind)) throw invalidArgument("invalid verdict");
  return wrap(kind);
}

/** A call of another chain; `goto` does not come back. Errors: invalidArgument. */
export function toChain(kind: "jump" | "goto", chain: string): NftText {
  if (kind !== "jump" && kind !== "goto") throw invalidArgument("invalid verdict");
  return wrap(`${kind} ${name(chain).text}`);
}
