import { expect, test } from "bun:test";
import { findLayerBreaks } from "./check-layers.ts";

test("a lower layer may be imported, a higher one may not", () => {
  expect(findLayerBreaks("drivers/dns/a.ts", `import { x } from "../../os/linux/libc.ts";`)).toEqual([]);
  expect(findLayerBreaks("core/tasks/a.ts", `import { x } from "../../services/b/mod.ts";`)).toHaveLength(1);
  expect(findLayerBreaks("client/a.ts", `export * from "../os/linux/libc.ts";`)).toHaveLength(1);
});

test("siblings meet through mod.ts", () => {
  expect(findLayerBreaks("services/a/x.ts", `import { y } from "../b/y.ts";`)).toHaveLength(1);
  expect(findLayerBreaks("services/a/x.ts", `import { y } from "../b/mod.ts";`)).toEqual([]);
  expect(findLayerBreaks("services/a/x.ts", `import { y } from "./y.ts";`)).toEqual([]);
  expect(findLayerBreaks("services/a/x.test.ts", `import { y } from "../b/y.fixture.ts";`)).toEqual([]);
  expect(findLayerBreaks("services/a/x.ts", `import { y } from "../b/y.fixture.ts";`)).toHaveLength(1);
});

test("restricted modules stay at home", () => {
  expect(findLayerBreaks("drivers/a/x.ts", `import koffi from "koffi";`)).toHaveLength(1);
  expect(findLayerBreaks("os/ffi/native.ts", `import koffi from "koffi";`)).toEqual([]);
  expect(findLayerBreaks("services/a/x.ts", `const p = await import("node:child_process");`)).toHaveLength(1);
  expect(findLayerBreaks("services/a/x.test.ts", `import { spawn } from "node:child_process";`)).toEqual([]);
  expect(findLayerBreaks("services/a/x.ts", `import { DatabaseSync } from "node:sqlite";`)).toHaveLength(1);
  expect(findLayerBreaks("cmd/x.ts", `import { file } from "bun";`)).toHaveLength(1);
  expect(findLayerBreaks("cmd/x.ts", `const f = Bun.file("x");`)).toHaveLength(1);
});

test("comments are not code", () => {
  expect(findLayerBreaks("base/x.ts", `/** import { a } from "koffi"; Bun.x */\nexport {};`)).toEqual([]);
});

test("a folder in no layer is found", () => {
  expect(findLayerBreaks("misc/x.ts", "")).toHaveLength(1);
});
