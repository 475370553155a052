import { describe, expect, test } from "bun:test";
import { formatGoDuration, parseGoDuration, parseMoment } from "./moment.ts";

describe("Go durations", () => {
  test.each([
    ["1h30m", 5_400_000_000_000n],
    ["1.5s", 1_500_000_000n],
    ["-10ms", -10_000_000n],
    ["0", 0n],
  ])("%s", (text, expected) => expect(parseGoDuration(text)).toBe(expected));

  test.each(["", "5", "1x", "h", "1h-5m"])("%p is none", (text) =>
    expect(parseGoDuration(text)).toBeUndefined(),
  );
});

describe("moments", () => {
  test("Unix seconds keep nine decimals", () =>
    expect(parseMoment("1136073845.000000001", 0)).toBe(1136073845000000001n));
  test("durations count back from now", () => expect(parseMoment("10m", 1_000_000)).toBe(400_000_000_000n));
  test("RFC 3339 with a zone", () =>
    expect(parseMoment("2006-01-02T15:04:05.5+07:00", 0)).toBe(1136189045500000000n));
  test("a date with a zone but no seconds", () =>
    expect(parseMoment("2006-01-02T15:04Z", 0)).toBe(1136214240000000000n));
  test("anything else is refused", () =>
    expect(() => parseMoment("yesterday", 0)).toThrow("failed to parse value"));
});

test("durations as Go prints them", () => {
  const printed = [
    0n,
    5n,
    1_500n,
    2_500_000n,
    1_500_000_000n,
    60_000_000_000n,
    3_723_500_000_000n,
    -30_000_000_000n,
  ];
  expect(printed.map(formatGoDuration)).toEqual([
    "0s",
    "5ns",
    "1.5µs",
    "2.5ms",
    "1.5s",
    "1m0s",
    "1h2m3.5s",
    "-30s",
  ]);
});
