import { formatGoDuration } from "../../base/moment.ts";
import { ZERO_TIME } from "../../base/time.ts";
import { GO_TEXT, GO_TYPE } from "./values.ts";

const PARTS = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * A `time.Time` that was read from its JSON form, RFC 3339; the zero time without one. It prints as its `String` method
 * does, `2006-01-02 15:04:05.999999999 -0700 MST`; an offset has no name but itself.
 */
export function goTime(json: string = ZERO_TIME): object {
  const [, date, time, fraction = "", zone = ""] = PARTS.exec(json) ?? [];
  const offset = zone === "Z" ? "+0000 UTC" : `${zone.replace(":", "")} ${zone.replace(":", "")}`;
  const text = date === undefined ? json : `${date} ${time}${fraction.replace(/\.?0+$/, "")} ${offset}`;
  return printedAs("time.Time", text, json);
}

/** A `time.Duration` of so many nanoseconds. It prints as its `String` method does: `1h15m30.918s`, `1.5ms`, `0s`. */
export function goDuration(ns: number): object {
  return printedAs("time.Duration", formatGoDuration(BigInt(ns)), ns);
}

function printedAs(type: string, text: string, json: unknown): object {
  const hidden = (value: unknown) => ({ value, enumerable: false });
  return Object.defineProperties(
    {},
    { [GO_TYPE]: hidden(type), [GO_TEXT]: hidden(() => text), toJSON: hidden(() => json) },
  );
}
