import { expect, test } from "bun:test";
import { parseTimestamp } from "./timestamp.ts";

const now = Date.parse("2026-01-02T03:04:05Z");

test.each([
  ["10m", "1767322445.000000000"],
  ["1.5s", "1767323043.500000000"],
  ["2013-01-02T13:23:37Z", "1357133017.000000000"],
  ["2013-01-02T13:23:37.000000005+01:00", "1357129417.000000005"],
  ["2013-01-02Z", "1357084800.000000000"],
  ["2013-01-02T13Z", "1357131600.000000000"],
  ["0", "0"],
  ["1136073600.000000001", "1136073600.000000001"],
])("%s", (text, expected) => {
  expect(parseTimestamp(text, now)).toBe(expected);
});

test("anything else is refused", () => {
  expect(() => parseTimestamp("bad")).toThrow('failed to parse value as time or duration: "bad"');
});
