import { expect, test } from "bun:test";
import { formatPlatform, hostPlatform, parsePlatform } from "./platform.ts";

test("platforms are parsed into their one spelling", () => {
  const { os, architecture } = hostPlatform();
  const golden: Record<string, string> = {
    "linux/amd64": "linux/amd64",
    "Linux/x86_64": "linux/amd64",
    "linux/amd64/v1": "linux/amd64",
    "linux/amd64/v3": "linux/amd64/v3",
    "linux/aarch64": "linux/arm64",
    "linux/arm64/v8": "linux/arm64",
    "linux/arm": "linux/arm/v7",
    "linux/arm/7": "linux/arm/v7",
    "linux/armel": "linux/arm/v6",
    "linux/arm/v5": "linux/arm/v5",
    "macos/arm64": "darwin/arm64",
    arm64: `${os}/arm64`,
    i386: `${os}/386`,
    windows: `windows/${architecture}`,
  };
  for (const [text, expected] of Object.entries(golden)) {
    expect([text, formatPlatform(parsePlatform(text))]).toEqual([text, expected]);
  }
});

test("what names no platform is refused", () => {
  expect(() => parsePlatform("")).toThrow('"" is an invalid OS component of ""');
  expect(() => parsePlatform("linux/&")).toThrow('must match "^[A-Za-z0-9_.-]+$"');
  expect(() => parsePlatform("a b")).toThrow(
    '"a b" is an invalid OS component of "a b": OSAndVersion specifier component must match "^([A-Za-z0-9_-]+)(?:\\\\(([A-Za-z0-9_.-]*)\\\\))?$": invalid argument',
  );
  expect(parsePlatform("windows(10.0.17763)/amd64")["os.version"]).toBe("10.0.17763");
  expect(() => parsePlatform("toaster")).toThrow(
    '"toaster": unknown operating system or architecture: invalid argument',
  );
  expect(() => parsePlatform("a/b/c/d")).toThrow("cannot parse platform specifier");
  expect(() => parsePlatform("*")).toThrow("wildcards not yet supported");
});
