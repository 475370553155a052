import type { Ulimit } from "../../spec/engine-api/mod.ts";
import { parseGoInt } from "../flags/go-values.ts";

const NAMES = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

/** Limits in the order of their names; of one given twice the last counts. */
export function mergeUlimits(limits: readonly Ulimit[]): Ulimit[] {
  const byName = new Map(limits.map((limit) => [limit.Name, limit]));
  return [...byName.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** The limit that `name=soft[:hard]` describes. Throws an Error with the text docker prints. */
export function parseUlimit(text: string): Ulimit {
  const equals = text.indexOf("=");
  if (equals < 0) throw new Error(`invalid ulimit argument: ${text}`);
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  if (!NAMES.includes(name)) throw new Error(`invalid ulimit type: ${name}`);
  const limits = value.split(":");
  if (limits.length > 2)
    throw new Error(`too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``);
  const soft = parseGoInt(limits[0]!);
  const hard = limits[1] === undefined ? soft : parseGoInt(limits[1]);
  if (hard !== -1 && (soft > hard || soft === -1))
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  return { Name: name, Soft: soft, Hard: hard };
}
