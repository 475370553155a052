/** Numbers, switches and durations in Go's notation, with the errors of its strconv and time packages. */

import { readGoBool } from "../../base/go-bool.ts";

function syntaxError(func: string, text: string): Error {
  return new Error(`strconv.${func}: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Source: Go's `strconv.ParseBool`. */
export function parseGoBool(text: string): boolean {
  const value = readGoBool(text);
  if (value === undefined) throw syntaxError("ParseBool", text);
  return value;
}

const INTEGER = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[0-9]+)$/;

/** Source: Go's `strconv.ParseInt` with base 0. The result is exact up to 2^53. */
export function parseGoInt(text: string, bits = 64, func = "ParseInt"): number {
  const match = INTEGER.exec(text);
  if (!match || (func === "ParseUint" && match[1] !== "")) throw syntaxError(func, text);
  const digits = match[2]!;
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  // 08 and 09 look decimal but are neither decimal nor octal.
  if (/^0[0-9]/.test(octal)) throw syntaxError(func, text);
  const magnitude = BigInt(octal);
  const value = match[1] === "-" ? -magnitude : magnitude;
  const limit = func === "ParseUint" ? 2n ** BigInt(bits) : 2n ** BigInt(bits - 1);
  if (value >= limit || value < -limit)
    throw new Error(`strconv.${func}: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(value);
}

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a duration such as `1h15m30.5s`. Source: Go's `time.ParseDuration`. */
export function parseGoDuration(text: string): number {
  const invalid = () => new Error(`time: invalid duration ${JSON.stringify(text)}`);
  const signed = /^([+-]?)(.*)$/s.exec(text)!;
  let rest = signed[2]!;
  if (rest === "0") return 0;
  if (rest === "") throw invalid();
  let total = 0;
  while (rest !== "") {
    const match = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    if (!match) throw invalid();
    const unit = match[2]!;
    if (unit === "") throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const scale = UNIT_NS[unit];
    if (scale === undefined)
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    total += Number(match[1]) * scale;
    rest = rest.slice(match[0].length);
  }
  return Math.round(signed[1] === "-" ? -total : total);
}
