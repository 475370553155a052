import { expect, test } from "bun:test";
import { textLine } from "./text-log.ts";

test("lines of the log as text", () => {
  const line = JSON.stringify({
    level: 40,
    time: Date.UTC(2026, 0, 31, 10),
    address: "unix:///run/a.sock",
    reason: 'no "such" file',
    count: 3,
    settings: ["a"],
    msg: "changed\nsettings",
  });
  expect(textLine(`${line}\n`)).toBe(
    'time="2026-01-31T10:00:00.000Z" level=warning msg="changed\\nsettings" address=unix:///run/a.sock reason="no \\"such\\" file" count=3 settings="[\\"a\\"]"\n',
  );
});
