import { invalidArgument } from "../../base/errors.ts";
import { readGoBool } from "../../base/go-bool.ts";
import { parseGoDuration } from "../../base/moment.ts";
import type { LogOptions } from "../../core/logs/log-driver.ts";
import { quoteGo } from "../../spec/go-template/go-strings.ts";

/** Options that every driver with attributes takes. */
export const ATTRIBUTE_OPTIONS: readonly string[] = ["labels", "labels-regex", "env", "env-regex", "tag"];

/**
 * Every option is one of `own`, or one of those of attributes. `place` is where docker's text looks for it: `syslog log driver`.
 * Errors: invalidArgument.
 */
export function checkNames(options: LogOptions, own: readonly string[], place: string): void {
  for (const name of Object.keys(options)) {
    if (own.includes(name) || ATTRIBUTE_OPTIONS.includes(name)) continue;
    throw invalidArgument(`unknown log opt '${name}' for ${place}`);
  }
}

/** Go's `strconv.ParseBool`. Errors: invalidArgument with its text. */
export function parseBool(text: string): boolean {
  const said = readGoBool(text);
  if (said !== undefined) return said;
  throw invalidArgument(`strconv.ParseBool: parsing ${quoteGo(text)}: invalid syntax`);
}

/** Go's `strconv.Atoi`. Errors: invalidArgument with its text. */
export function parseInteger(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw invalidArgument(`strconv.Atoi: parsing ${quoteGo(text)}: invalid syntax`);
}

/** Milliseconds of a Go duration. Errors: invalidArgument with Go's text. */
export function parseDurationMs(text: string): number {
  const duration = parseGoDuration(text);
  if (duration === undefined) throw invalidArgument(`time: invalid duration ${quoteGo(text)}`);
  return Number(duration) / 1e6;
}

const DECIMAL_POWER: Readonly<Record<string, number>> = { "": 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** The bytes of a size in powers of 1000, as `max-size` takes it. Errors: invalidArgument with docker's text. */
export function parseDecimalSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(text.trim());
  if (!match) throw invalidArgument(`invalid size: '${text}'`);
  return Math.floor(Number(match[1]) * 1000 ** DECIMAL_POWER[match[2]!.toLowerCase()]!);
}
