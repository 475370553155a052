import { invalidArgument, messageOf } from "../base/errors.ts";
import { parseGoDuration } from "./flags/go-values.ts";
import { type CalendarTime, parseGoTime } from "./parse-go-time.ts";

/**
 * A moment as typed (RFC 3339 in whole or in part, Unix seconds, or a length of time before now) as the API takes
 * it: Unix seconds with nanoseconds behind a dot. Errors: invalidArgument.
 */
export function parseTimestamp(text: string, nowMs: number = Date.now()): string {
  const ago = durationOf(text);
  if (ago !== undefined) return epoch(BigInt(nowMs) * 1_000_000n - BigInt(ago));
  try {
    return epoch(epochNs(parseGoTime(layoutOf(text), text)));
  } catch (error) {
    // What has a dash is meant as a date.
    if (text.includes("-")) throw invalidArgument(messageOf(error));
  }
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
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

/** How much of RFC 3339 is there, as docker tells it. */
function layoutOf(text: string): string {
  const dashes = text.split("-").length - 1;
  const hasZone = /[zZ+]/.test(text) || dashes === 3;
  const zone = hasZone ? "Z07:00" : "";
  if (text.includes(".")) return `2006-01-02T15:04:05.999999999${zone}`;
  if (!text.includes("T")) return `2006-01-02${zone}`;
  const colons = text.split(":").length - 1;
  // An offset has a colon of its own.
  const ofClock = hasZone && !/[zZ]/.test(text) && colons > 0 ? colons - 1 : colons;
  return `2006-01-02T15${["", ":04", ":04:05"][Math.min(ofClock, 2)]}${zone}`;
}

function epochNs({ year, month, day, hour, minute, second, ...rest }: CalendarTime): bigint {
  const { nanosecond, offsetMinutes } = rest;
  const localMs =
    offsetMinutes === undefined
      ? new Date(year, month - 1, day, hour, minute, second).getTime()
      : Date.UTC(year, month - 1, day, hour, minute - offsetMinutes, second);
  return BigInt(localMs) * 1_000_000n + BigInt(nanosecond);
}

function epoch(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}`;
}
