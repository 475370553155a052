import { invalidArgument } from "../../../base/errors.ts";
import {
  comment as commentText,
  linkName,
  type NftFamily,
  type NftText,
  name,
  number,
  textOf,
} from "./expression.ts";

/** A table by family and name: every command below belongs to one. */
export interface NftTable {
  readonly family: NftFamily;
  readonly name: string;
}

/** One command as text, ready for `joinCommands`. */
export type NftCommand = string;

const FAMILIES: ReadonlySet<string> = new Set(["ip", "ip6", "inet", "bridge", "arp", "netdev"]);

function tableText(table: NftTable): string {
  if (!FAMILIES.has(table.family))
    throw invalidArgument(`invalid nftables family: ${JSON.stringify(table.family)}`);
  return `${table.family} ${name(table.name).text}`;
}

function inTable(table: NftTable, object: string): string {
  return `${tableText(table)} ${name(object).text}`;
}

/** One transaction's text. */
export function joinCommands(commands: readonly NftCommand[]): string {
  return commands.map((command) => `${command}\n`).join("");
}

/** The table exists afterwards; what it held stays. */
export function addTable(table: NftTable): NftCommand {
  return `add table ${tableText(table)}`;
}

/** The table is new. Errors of the run: EEXIST. */
export function createTable(table: NftTable): NftCommand {
  return `create table ${tableText(table)}`;
}

/** The table is gone afterwards, whether it was there or not. Two commands, for one transaction. */
export function deleteTable(table: NftTable): NftCommand[] {
  return [addTable(table), `delete table ${tableText(table)}`];
}

export type NftHook = "prerouting" | "input" | "forward" | "output" | "postrouting" | "ingress" | "egress";

/** Where packets enter a chain by themselves. */
export interface NftBase {
  readonly type: "filter" | "nat" | "route";
  readonly hook: NftHook;
  /** Lower is earlier; -100 is destination NAT's place, 0 the filter's, 100 source NAT's. */
  readonly priority: number;
  readonly policy?: "accept" | "drop";
  /** Needed for ingress and egress. */
  readonly device?: string;
}

const CHAIN_TYPES: ReadonlySet<string> = new Set(["filter", "nat", "route"]);
const HOOKS: ReadonlySet<string> = new Set([
  "prerouting",
  "input",
  "forward",
  "output",
  "postrouting",
  "ingress",
  "egress",
]);

function baseText(base: NftBase): string {
  if (!CHAIN_TYPES.has(base.type) || !HOOKS.has(base.hook))
    throw invalidArgument("invalid type or hook of a chain");
  if (!Number.isInteger(base.priority))
    throw invalidArgument(`invalid priority of a chain: ${base.priority}`);
  const device = base.device === undefined ? "" : ` device ${linkName(base.device).text}`;
  const { policy = "accept" } = base;
  if (policy !== "accept" && policy !== "drop") throw invalidArgument("invalid policy of a chain");
  return `{ type ${base.type} hook ${base.hook}${device} priority ${base.priority}; policy ${policy}; }`;
}

/** The chain exists afterwards, with its rules as they were. Without `base` only other chains lead to it. */
export function addChain(table: NftTable, chain: string, base?: NftBase): NftCommand {
  const head = `add chain ${inTable(table, chain)}`;
  return base === undefined ? head : `${head} ${baseText(base)}`;
}

/** The chain is empty afterwards. Errors of the run: ENOENT. */
export function flushChain(table: NftTable, chain: string): NftCommand {
  return `flush chain ${inTable(table, chain)}`;
}

/** The chain, which must be empty and unused, is gone. Errors of the run: ENOENT, EBUSY. */
export function deleteChain(table: NftTable, chain: string): NftCommand {
  return `delete chain ${inTable(table, chain)}`;
}

function withComment(text: string, comment: string | undefined): string {
  return comment === undefined ? text : `${text} comment ${commentText(comment).text}`;
}

/** Adds a rule at the end of a chain. */
export function addRule(table: NftTable, chain: string, rule: NftText, comment?: string): NftCommand {
  return withComment(`add rule ${inTable(table, chain)} ${textOf(rule)}`, comment);
}

/** Adds a rule at the beginning of a chain. */
export function insertRule(table: NftTable, chain: string, rule: NftText, comment?: string): NftCommand {
  return withComment(`insert rule ${inTable(table, chain)} ${textOf(rule)}`, comment);
}

/** Deletes the rule with that handle. Errors of the run: ENOENT. */
export function deleteRule(table: NftTable, chain: string, handle: number): NftCommand {
  return `delete rule ${inTable(table, chain)} handle ${number(handle).text}`;
}

/** What elements are made of. Source: nft(8), "DATA TYPES". */
export type NftType =
  | "ipv4_addr"
  | "ipv6_addr"
  | "ether_addr"
  | "inet_proto"
  | "inet_service"
  | "mark"
  | "ifname";

const TYPES: ReadonlySet<string> = new Set([
  "ipv4_addr",
  "ipv6_addr",
  "ether_addr",
  "inet_proto",
  "inet_service",
  "mark",
  "ifname",
]);

function typeText(types: readonly NftType[]): string {
  if (types.length === 0 || !types.every((type) => TYPES.has(type))) {
    throw invalidArgument(`invalid nftables type: ${types.join(" . ")}`);
  }
  return types.join(" . ");
}

export interface NftSet {
  /** Types of the parts of a key. */
  readonly key: readonly NftType[];
  /** Keys may be networks and ranges. */
  readonly interval?: boolean;
  readonly comment?: string;
}

export interface NftMap extends NftSet {
  /** Types of the parts of a value; a verdict map leads keys to chains. */
  readonly value: readonly NftType[] | "verdict";
}

function setBody(type: string, set: NftSet): string {
  const flags = set.interval ? " flags interval;" : "";
  const comment = set.comment === undefined ? "" : ` comment ${commentText(set.comment).text};`;
  return `{ type ${type};${flags}${comment} }`;
}

/** The set exists afterwards with the elements that it had. Errors of the run: EEXIST where it is of another type. */
export function addSet(table: NftTable, set: string, definition: NftSet): NftCommand {
  return `add set ${inTable(table, set)} ${setBody(typeText(definition.key), definition)}`;
}

/** The map exists afterwards with the elements that it had. Errors of the run: EEXIST where it is of another type. */
export function addMap(table: NftTable, map: string, definition: NftMap): NftCommand {
  const value = definition.value === "verdict" ? "verdict" : typeText(definition.value);
  return `add map ${inTable(table, map)} ${setBody(`${typeText(definition.key)} : ${value}`, definition)}`;
}

/** The set is empty afterwards. Errors of the run: ENOENT. */
export function flushSet(table: NftTable, set: string): NftCommand {
  return `flush set ${inTable(table, set)}`;
}

/** The map is empty afterwards. Errors of the run: ENOENT. */
export function flushMap(table: NftTable, map: string): NftCommand {
  return `flush map ${inTable(table, map)}`;
}

export interface NftElement {
  readonly key: NftText;
  /** For maps only. */
  readonly value?: NftText;
  readonly comment?: string;
}

function elementText(element: NftElement): string {
  const key = withComment(textOf(element.key), element.comment);
  return element.value === undefined ? key : `${key} : ${textOf(element.value)}`;
}

function elementCommand(
  verb: string,
  table: NftTable,
  set: string,
  elements: readonly NftElement[],
): NftCommand {
  if (elements.length === 0) throw invalidArgument(`no elements to ${verb}`);
  return `${verb} element ${inTable(table, set)} { ${elements.map(elementText).join(", ")} }`;
}

/**
 * The elements are in the set or map afterwards. Adding one that is there is no error, except in a map where the key
 * has another value. Errors of the run: EEXIST.
 */
export function addElements(table: NftTable, set: string, elements: readonly NftElement[]): NftCommand {
  return elementCommand("add", table, set, elements);
}

/** The elements with these keys are gone afterwards. Errors of the run: ENOENT where one is not there. */
export function deleteElements(table: NftTable, set: string, keys: readonly NftText[]): NftCommand {
  return elementCommand(
    "delete",
    table,
    set,
    keys.map((key) => ({ key })),
  );
}
