import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createNetworkNamespace, deleteNetworkNamespace } from "../../os/linux/namespace.ts";

const PROGRAM = fileURLToPath(new URL("side-by-side.testing.ts", import.meta.url));
const DURATION_MS = 2_000;

test("engines on one host make their tables at the same time", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-side-by-side-"));
  const namespace = join(folder, "host");
  createNetworkNamespace(namespace);
  let complaints = "";
  const engines: ChildProcess[] = [];
  try {
    for (const id of ["a", "b", "c"]) {
      const engine = spawn(process.execPath, [PROGRAM, id, namespace], { stdio: ["ignore", "pipe", "pipe"] });
      engine.stderr!.on("data", (text: Buffer) => {
        complaints += String(text);
      });
      engines.push(engine);
    }
    await Promise.all(engines.map((engine) => once(engine.stdout!, "data")));
    const ended = Promise.race(engines.map((engine) => once(engine, "exit")));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, DURATION_MS))]);
    expect(complaints).toBe("");
    expect(engines.map(({ exitCode }) => exitCode)).toEqual([null, null, null]);
  } finally {
    for (const engine of engines) {
      if (engine.exitCode !== null) continue;
      const ended = once(engine, "exit");
      engine.kill("SIGKILL");
      await ended;
    }
    deleteNetworkNamespace(namespace);
    rmSync(folder, { recursive: true });
  }
});
