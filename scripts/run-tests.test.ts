import { expect, test } from "bun:test";
import { countsOf, needsRoot } from "./run-tests.ts";

test("the summary of bun is read", () => {
  const output = "x\n\n 12 pass\n 3 skip\n 1 todo\n 2 fail\n 40 expect() calls\nRan 18 tests across 1 file.";
  expect(countsOf(output)).toEqual({ passed: 12, failed: 2, skipped: 4 });
  expect(countsOf("Segmentation fault")).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test("suites that change the machine are told apart", () => {
  expect(needsRoot("src/os/a.root.test.ts")).toBe(true);
  expect(needsRoot("test/api/run.test.ts")).toBe(true);
  expect(needsRoot("src/base/a.test.ts")).toBe(false);
});
