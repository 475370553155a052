import { describe, expect, test } from "bun:test";
import { DEFAULT_DETACH_KEYS, DetachWatcher, parseDetachKeys } from "./detach-keys.ts";

function type(keys: number[], ...chunks: string[]): [passed: string, detached: boolean] {
  const watcher = new DetachWatcher(keys);
  let passed = "";
  for (const chunk of chunks) {
    const { pass, detached } = watcher.push(Buffer.from(chunk, "latin1"));
    passed += pass.toString("latin1");
    if (detached) return [passed, true];
  }
  return [passed + watcher.end().toString("latin1"), false];
}

describe("detach keys", () => {
  const keys = parseDetachKeys(DEFAULT_DETACH_KEYS);

  test("are parsed", () => {
    expect(keys).toEqual([16, 17]);
    expect(parseDetachKeys("a,ctrl-[,ctrl-@")).toEqual([97, 27, 0]);
    expect(() => parseDetachKeys("ctrl-")).toThrow("Invalid detach keys (ctrl-) provided");
  });

  test("end the attachment, whole or in pieces", () => {
    expect(type(keys, "ab\x10\x11c")).toEqual(["ab", true]);
    expect(type(keys, "ab\x10", "\x11")).toEqual(["ab", true]);
  });

  test("are passed on when they are not the sequence", () => {
    expect(type(keys, "\x10x\x10")).toEqual(["\x10x\x10", false]);
    expect(type(keys, "\x10\x10", "\x11")).toEqual(["\x10", true]);
  });

  test("a failed start may begin the sequence again", () => {
    expect(type(parseDetachKeys("a,a,b"), "aaab")).toEqual(["a", true]);
    expect(type(parseDetachKeys("a,b,a,c"), "ababac")).toEqual(["ab", true]);
  });

  test("no sequence means nothing is held", () => {
    expect(type([], "\x10\x11")).toEqual(["\x10\x11", false]);
  });
});
