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

// Texts as Go 1.24 prints them.
test.each([
  ["bad", 'failed to parse value as time or duration: "bad"'],
  ["1.5.5", 'failed to parse value as time or duration: "1.5.5"'],
  [
    "2006-01-02T15:04:0Z",
    'parsing time "2006-01-02T15:04:0Z" as "2006-01-02T15:04:05Z07:00": cannot parse "0Z" as "05"',
  ],
  ["2006-13-02", 'parsing time "2006-13-02": month out of range'],
  ["2006-02-29", 'parsing time "2006-02-29": day out of range'],
  ["2006-01-02T25", 'parsing time "2006-01-02T25": hour out of range'],
  [
    "2006-01-02T15:04:05.xZ",
    'parsing time "2006-01-02T15:04:05.xZ" as "2006-01-02T15:04:05.999999999Z07:00": cannot parse ".xZ" as "Z07:00"',
  ],
  [
    "2006-01-02T15:04:05+0100",
    'parsing time "2006-01-02T15:04:05+0100" as "2006-01-02T15:04Z07:00": cannot parse ":05+0100" as "Z07:00"',
  ],
  ["06-1-2", 'parsing time "06-1-2" as "2006-01-02": cannot parse "06-1-2" as "2006"'],
  ["2006-01-02T15:04:05Zfoo", 'parsing time "2006-01-02T15:04:05Zfoo": extra text: "foo"'],
  ["-5", 'parsing time "-5" as "2006-01-02": cannot parse "-5" as "2006"'],
])("%s is refused", (text, problem) => {
  expect(() => parseTimestamp(text)).toThrow(problem);
});
