import { invalidArgument } from "./errors.ts";
import { type Nanoseconds, parseRfc3339Nano } from "./time.ts";

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a duration in Go's notation (`1h30m`, `1.5s`, `-10ms`); undefined where it is not one. */
export function parseGoDuration(text: string): bigint | undefined {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (!match) return text === "0" ? 0n : undefined;
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * UNIT_NS[unit!]!;
  }
  const nanoseconds = BigInt(Math.round(total));
  return match[1] === "-" ? -nanoseconds : nanoseconds;
}

/**
 * A point in time as docker's command line and filters take it: Unix seconds with a fraction, RFC 3339 with or
 * without parts of it (`2006-01-02`, `2006-01-02T15:04`), or a Go duration before `nowMs`. Times without a zone are local.
 * Errors: invalidArgument.
 */
export function parseMoment(text: string, nowMs: number): Nanoseconds {
  const seconds = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (seconds) return BigInt(seconds[1]!) * 1_000_000_000n + BigInt((seconds[2] ?? "").padEnd(9, "0"));
  const duration = parseGoDuration(text);
  if (duration !== undefined) return BigInt(nowMs) * 1_000_000n - duration;
  const exact = parseRfc3339Nano(text);
  if (exact !== undefined) return exact;
  const partial = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(
    text,
  );
  if (partial) return parsePartial(text, partial[1] ?? "");
  throw invalidArgument(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

function parsePartial(text: string, zone: string): Nanoseconds {
  const bare = text.slice(0, text.length - zone.length);
  const [date, clock = ""] = bare.split("T");
  const [hours = "00", minutes = "00", secondsText = "00"] = clock === "" ? [] : clock.split(":");
  const [whole, fraction = ""] = secondsText.split(".");
  const ms = Date.parse(`${date}T${hours}:${minutes}:${whole}${zone}`);
  if (Number.isNaN(ms))
    throw invalidArgument(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** A duration as Go prints it: `1h2m3.5s`, `1m0s`, `30s`, `1.5ms`, `0s`. */
export function formatGoDuration(duration: bigint): string {
  if (duration < 0n) return `-${formatGoDuration(-duration)}`;
  if (duration === 0n) return "0s";
  const [unit, size] = duration < 1_000n ? ["ns", 1] : duration < 1_000_000n ? ["µs", 1e3] : ["ms", 1e6];
  if (duration < 1_000_000_000n) return `${Number(duration) / (size as number)}${unit}`;
  const minutes = duration / 60_000_000_000n;
  const seconds = `${Number(duration % 60_000_000_000n) / 1e9}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}
