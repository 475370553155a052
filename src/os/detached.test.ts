import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDetached } from "./detached.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gantry-detached-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function start(script: string): Promise<boolean> {
  return startDetached({
    command: "/bin/sh",
    args: ["-c", script],
    logFile: join(dir, "log"),
    readyVariable: "READY_FD",
  });
}

test("waits for the byte, and output goes to the log", async () => {
  expect(await start('echo out; echo err >&2; printf x >&"$READY_FD"')).toBe(true);
  expect(readFileSync(join(dir, "log"), "utf8")).toBe("out\nerr\n");
});

test("a process that ends first was never ready", async () => {
  expect(await start("exit 3")).toBe(false);
});

test("what cannot be started is an error", async () => {
  const options = { command: join(dir, "none"), logFile: join(dir, "log"), readyVariable: "READY_FD" };
  await expect(startDetached(options)).rejects.toThrow("ENOENT");
});
