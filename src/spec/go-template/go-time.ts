import { GO_TEXT, GO_TYPE } from "./values.ts";

const ZERO = "0001-01-01T00:00:00Z";
const PARTS = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * A `time.Time` that was read from its JSON form, RFC 3339; the zero time without one. It prints as its `String` method
 * does, `2006-01-02 15:04:05.999999999 -0700 MST`; an offset has no name but itself.
 */
export function goTime(json: string = ZERO): object {
  const [, date, time, fraction = "", zone = ""] = PARTS.exec(json) ?? [];
  const offset = zone === "Z" ? "+0000 UTC" : `${zone.replace(":", "")} ${zone.replace(":", "")}`;
  const text = date === undefined ? json : `${date} ${time}${fraction.replace(/\.?0+$/, "")} ${offset}`;
  return printedAs("time.Time", text, json);
}

const UNITS = [
  ["ns", 1],
  ["µs", 1e3],
  ["ms", 1e6],
] as const;
const SECOND_NS = 1e9;

/** A `time.Duration` of so many nanoseconds. It prints as its `String` method does: `1h15m30.918s`, `1.5ms`, `0s`. */
export function goDuration(ns: number): object {
  return printedAs("time.Duration", durationText(ns), ns);
}

function durationText(ns: number): string {
  const sign = ns < 0 ? "-" : "";
  const size = Math.abs(ns);
  if (size === 0) return "0s";
  if (size < SECOND_NS) {
    const [unit, factor] = UNITS.findLast(([, factor]) => size >= factor)!;
    return `${sign}${size / factor}${unit}`;
  }
  const hours = Math.floor(size / (3600 * SECOND_NS));
  const minutes = Math.floor(size / (60 * SECOND_NS)) % 60;
  const seconds = (size % (60 * SECOND_NS)) / SECOND_NS;
  return `${sign}${hours > 0 ? `${hours}h` : ""}${hours > 0 || minutes > 0 ? `${minutes}m` : ""}${seconds}s`;
}

function printedAs(type: string, text: string, json: unknown): object {
  const hidden = (value: unknown) => ({ value, enumerable: false });
  return Object.defineProperties(
    {},
    { [GO_TYPE]: hidden(type), [GO_TEXT]: hidden(() => text), toJSON: hidden(() => json) },
  );
}
