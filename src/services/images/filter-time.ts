import { invalidArgument } from "../../base/errors.ts";
import { parseRfc3339Nano } from "../../base/time.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * The moment that a filter value means, in milliseconds since the epoch: seconds since the epoch, RFC 3339, a date, or
 * how long ago (`24h`, `1h30m`). Errors: invalidArgument.
 * Source: Engine API, "ImagePrune", `until`.
 */
export function parseFilterTimeMs(text: string, nowMs: number): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const exact = parseRfc3339Nano(text);
  if (exact !== undefined) return Number(exact / 1_000_000n);
  const date = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d)?)?)?$/.test(text)
    ? Date.parse(completed(text))
    : Number.NaN;
  if (!Number.isNaN(date)) return date;
  if (/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/.test(text)) {
    let agoMs = 0;
    for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
      agoMs += Number(count) * UNIT_MS[unit!]!;
    return nowMs - agoMs;
  }
  throw invalidArgument(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

/** Parts that a date leaves out are zero. */
function completed(text: string): string {
  return `${text}${"T00:00:00".slice(text.length - 10)}Z`;
}

/** Milliseconds since the epoch of an image's created time; 0 where it has none. */
export function createdMs(created: string): number {
  const time = parseRfc3339Nano(created);
  return time === undefined ? 0 : Number(time / 1_000_000n);
}
