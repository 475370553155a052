import { expect, test } from "bun:test";
import { findBrokenLinks, findMissingPaths, findUndocumented } from "./check-docs.ts";

test("links are followed from the page they stand on", () => {
  const exists = (path: string) => path === "docs/a.md";
  expect(
    findBrokenLinks("docs/b.md", "[a](a.md#x) [b](../docs/a.md) [w](https://x.y) [s](#here)", exists),
  ).toEqual([]);
  expect(findBrokenLinks("b.md", "[a](a.md)", exists)).toEqual(["a.md"]);
});

test("paths in backticks must exist", () => {
  expect(findMissingPaths("`src/x/` and `run --rm` and `docs/y.md`", (path) => path === "src/x/")).toEqual([
    "docs/y.md",
  ]);
});

test("an export needs a doc comment; a group shares one", () => {
  expect(findUndocumented("/** a */\nexport class A {}\nexport class B {}\n\nexport class C {}\n")).toEqual([
    { line: 5, name: "C" },
  ]);
  expect(findUndocumented("// no\nexport function f() {}\n")).toEqual([{ line: 2, name: "f" }]);
});
