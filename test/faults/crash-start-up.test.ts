import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { TEST_IMAGE } from "../api/harness.ts";
import { removeStandingParts } from "../fixtures/engine-traces.ts";
import { containersOf, crashEverywhere } from "./crash-everywhere.ts";
import type { CrashingEngine } from "./crashing-engine.ts";

const TIMEOUT_MS = 120_000;

/** A start that may be cut short. */
async function tryToStart({ engine }: CrashingEngine): Promise<void> {
  try {
    await engine.restart();
  } catch (error) {
    if (!/ready pipe|ended with/.test((error as Error).message)) throw error;
  }
}

describe("the daemon is killed before each effect of", () => {
  test(
    "its first start",
    async () => {
      const effects = await crashEverywhere({
        engine: { image: false },
        async prepare({ engine }) {
          await engine.stop();
          await removeStandingParts(engine.dataRoot);
          for (const root of [engine.dataRoot, engine.runRoot])
            rmSync(root, { recursive: true, force: true });
        },
        verb: tryToStart,
        async check({ docker }) {
          const { stdout } = await docker(["network", "ls", "--format", "{{.Name}}"]);
          expect(stdout.trim().split("\n").sort()).toEqual(["bridge", "host", "none"]);
        },
      });
      expect(effects).toBeGreaterThan(15);
    },
    TIMEOUT_MS,
  );

  test(
    "a start after a crash that left work",
    async () => {
      const effects = await crashEverywhere({
        async prepare({ docker, engine }) {
          const run = ["run", "--detach", "--stop-signal", "KILL"];
          const sleep = [TEST_IMAGE, "sleep", "1000"];
          await docker([...run, "--name", "stays", "--publish", "127.0.0.1::80", ...sleep]);
          await docker([...run, "--name", "ends", ...sleep]);
          await docker([...run, "--name", "goes", "--rm", ...sleep]);
          await docker([...run, "--name", "returns", "--restart", "always", ...sleep]);
          const format = ["inspect", "--format", "{{.State.Pid}}", "ends", "goes", "returns"];
          const pids = (await docker(format)).stdout.trim().split("\n").map(Number);
          await engine.crash();
          for (const pid of pids) process.kill(pid, "SIGKILL");
        },
        verb: tryToStart,
        async check(crashing) {
          const { docker } = crashing;
          expect((await docker(["wait", "ends"])).stdout).toBe("137\n");
          expect((await docker(["exec", "stays", "echo", "in"])).stdout).toBe("in\n");
          const port = (await docker(["port", "stays", "80/tcp"])).stdout;
          expect(port).toMatch(/^127\.0\.0\.1:\d+\n$/);
          // Comes back when its old process was seen to, which may take a moment.
          const { running, resting } = await containersOf(crashing);
          expect(running.length + resting.length).toBeLessThanOrEqual(4);
        },
      });
      expect(effects).toBeGreaterThan(15);
    },
    TIMEOUT_MS,
  );
});
