import { expect, test } from "bun:test";
import type { Globals } from "./globals.ts";
import { debugLine, wantsDebugLog } from "./log-level.ts";

const globals = (level: string, debug = false) => ({ debug, "log-level": level }) as Globals;

test("debug and trace are told, --debug above every level", () => {
  const levels = ["panic", "fatal", "error", "warn", "warning", "INFO", "debug", "trace"];
  expect(levels.filter((level) => wantsDebugLog(globals(level)))).toEqual(["debug", "trace"]);
  expect(wantsDebugLog(globals("error", true))).toBe(true);
});

test("what is no level is refused with docker's words", () => {
  expect(() => wantsDebugLog(globals("loud"))).toThrow("Unable to parse logging level: loud");
});

test("a line has its time in seconds", () => {
  expect(debugLine('GET "x"', new Date("2026-01-02T03:04:05.678Z"))).toBe(
    'time="2026-01-02T03:04:05Z" level=debug msg="GET \\"x\\""',
  );
});
