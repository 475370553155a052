import { invalidArgument } from "../base/errors.ts";
import { parseRfc3339Nano } from "../base/time.ts";
import { parseGoDuration } from "./flags/go-values.ts";

/**
 * A moment as typed (RFC 3339 in whole or in part, Unix seconds, or a length of time before now) as the API takes
 * it: Unix seconds with nanoseconds behind a dot. Errors: invalidArgument.
 */
export function parseTimestamp(text: string, nowMs: number = Date.now()): string {
  const ago = durationOf(text);
  if (ago !== undefined) return epoch(BigInt(nowMs) * 1_000_000n - BigInt(ago));
  const calendar = calendarNs(text);
  if (calendar !== undefined) return epoch(calendar);
  if (/^-?\d+(\.\d{1,9})?$/.test(text)) return text;
  throw invalidArgument(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

function durationOf(text: string): number | undefined {
  // A moment since the epoch: there is no point in what happened no time ago.
  if (text === "0") return undefined;
  try {
    return parseGoDuration(text);
  } catch {
    // Not a duration: it may still be a moment.
    return undefined;
  }
}

/** Parts that are missing are zero; without a zone the local one holds. */
function calendarNs(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(
    text,
  );
  if (!match) return undefined;
  const [, date, time = "00", zone] = match;
  const [clock, fraction] = time.split(".");
  const full = clock! + ":00:00".slice(clock!.length - 2);
  const complete = `${date}T${full}${fraction === undefined ? "" : `.${fraction}`}`;
  return parseRfc3339Nano(complete + (zone ?? localZone(`${date}T${full}`)));
}

function localZone(text: string): string {
  const offset = -new Date(text).getTimezoneOffset();
  const clock = new Date(Math.abs(offset) * 60_000).toISOString().slice(11, 16);
  return `${offset < 0 ? "-" : "+"}${clock}`;
}

function epoch(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}`;
}
