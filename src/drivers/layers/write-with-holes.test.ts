import { expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeWithHoles } from "./write-with-holes.ts";

test("what is read back is what was given, in whatever pieces it came", () => {
  const content = Buffer.alloc(40_000);
  for (const at of [0, 4095, 9000, 20_480, 20_481, 36_000]) content[at] = 1;
  for (const piece of [512, 4096, 5000, 40_000]) {
    const path = join(tmpdir(), `gantry-holes-${process.pid}`);
    const fd = openSync(path, "w");
    let endBytes = 0;
    for (let at = 0; at < content.length; at += piece) {
      endBytes = writeWithHoles(fd, content.subarray(at, at + piece), at);
    }
    closeSync(fd);
    const written = readFileSync(path);
    rmSync(path);
    expect(written.equals(content.subarray(0, written.length))).toBe(true);
    expect(content.subarray(written.length).every((byte) => byte === 0)).toBe(true);
    expect(endBytes).toBeGreaterThanOrEqual(written.length);
  }
});

test("zeros alone write nothing", () => {
  const path = join(tmpdir(), `gantry-holes-none-${process.pid}`);
  const fd = openSync(path, "w");
  expect(writeWithHoles(fd, Buffer.alloc(8192), 4096)).toBe(4096);
  closeSync(fd);
  expect(readFileSync(path).length).toBe(0);
  rmSync(path);
});
