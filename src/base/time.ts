/** A point in time as nanoseconds since the Unix epoch. */
export type Nanoseconds = bigint;

const NANOS_PER_MS = 1_000_000n;
// The wall clock has millisecond steps in JavaScript; the monotonic clock, anchored once, supplies the rest.
const anchorNs = BigInt(Date.now()) * NANOS_PER_MS - process.hrtime.bigint();

/** Now, in nanoseconds; never goes back between two calls unless the wall clock was set. */
export function nowNs(): Nanoseconds {
  const monotonic = anchorNs + process.hrtime.bigint();
  const wall = BigInt(Date.now()) * NANOS_PER_MS;
  const drift = wall - monotonic;
  // The wall clock was stepped (NTP, an operator): follow it rather than the anchor.
  return drift > 1_000_000_000n || drift < -1_000_000_000n ? wall : monotonic;
}

/** RFC 3339 with nanoseconds in UTC, trailing zeros left out: Go's `time.RFC3339Nano`. */
export function formatRfc3339Nano(time: Nanoseconds): string {
  const seconds = time / 1_000_000_000n;
  const fraction = (time % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return fraction === "" ? `${whole}Z` : `${whole}.${fraction}Z`;
}

/** Go's zero time, which the API answers where a moment has not come yet. */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

/** The nanoseconds of an RFC 3339 text with any zone and up to nine decimals; undefined where it is not one. */
export function parseRfc3339Nano(text: string): Nanoseconds | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(text);
  if (!match) return undefined;
  const ms = Date.parse(match[1]! + match[3]!.toUpperCase());
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * NANOS_PER_MS + BigInt((match[2] ?? "").padEnd(9, "0"));
}

/** A duration as people read it: `Less than a second`, `About a minute`, `3 weeks`. As docker's tables print it. */
export function formatHumanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(hours / 24 / 365)} years`;
}
