import { describe, expect, test } from "bun:test";
import { TEST_IMAGE } from "../api/harness.ts";
import { containersOf, crashEverywhere } from "./crash-everywhere.ts";
import type { CrashingEngine } from "./crashing-engine.ts";

const TIMEOUT_MS = 120_000;
const SLEEPER = "sleeper";

/** Runs until it is told to end, with everything a container can hold of the machine. */
async function startSleeper({ docker }: CrashingEngine, ...options: readonly string[]): Promise<void> {
  const run = ["run", "--detach", "--name", SLEEPER, "--stop-signal", "KILL", ...options];
  const { code, stderr } = await docker([...run, TEST_IMAGE, "sleep", "1000"]);
  if (code !== 0) throw new Error(stderr);
}

async function inspect({ docker }: CrashingEngine, format: string): Promise<string> {
  return (await docker(["inspect", "--type", "container", "--format", format, SLEEPER])).stdout.trim();
}

describe("the daemon is killed before each effect of", () => {
  test(
    "run --rm",
    async () => {
      const run = ["run", "--rm", "--publish", "127.0.0.1::80", TEST_IMAGE, "echo", "hello"];
      const effects = await crashEverywhere({
        verb: ({ docker }) => docker(run),
        async check(crashing) {
          // Whether it came to be, ran or ended: with its client gone nothing of it stays.
          expect(await containersOf(crashing)).toEqual({ running: [], resting: [] });
          expect(await crashing.docker(run)).toEqual({ stdout: "hello\n", stderr: "", code: 0 });
        },
      });
      expect(effects).toBeGreaterThan(40);
    },
    TIMEOUT_MS,
  );

  test(
    "start",
    async () => {
      const effects = await crashEverywhere({
        async prepare({ docker }) {
          await docker(["create", "--name", SLEEPER, TEST_IMAGE, "sh", "-c", "echo ran; exec sleep 1000"]);
        },
        verb: ({ docker }) => docker(["start", SLEEPER]),
        async check(crashing, { diedBefore }) {
          const state = await inspect(crashing, "{{.State.Status}}");
          // Killed before the client was told: it may run or not. Told: it runs.
          expect(diedBefore === undefined ? ["running"] : ["created", "running"]).toContain(state);
          const { code, stderr } = await crashing.docker(["start", SLEEPER]);
          expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
          expect(await inspect(crashing, "{{.State.Status}}")).toBe("running");
          const exec = await crashing.docker(["exec", SLEEPER, "echo", "in"]);
          expect(exec).toEqual({ stdout: "in\n", stderr: "", code: 0 });
        },
      });
      expect(effects).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );

  test(
    "exec",
    async () => {
      let before = "";
      const identity = "{{.State.Pid}} {{.State.StartedAt}}";
      const effects = await crashEverywhere({
        async prepare(crashing) {
          await startSleeper(crashing);
          before = await inspect(crashing, identity);
        },
        verb: ({ docker }) => docker(["exec", SLEEPER, "echo", "in"]),
        async check(crashing) {
          expect(await inspect(crashing, "{{.State.Status}}")).toBe("running");
          const exec = await crashing.docker(["exec", SLEEPER, "echo", "in"]);
          expect(exec).toEqual({ stdout: "in\n", stderr: "", code: 0 });
          const top = await crashing.docker(["top", SLEEPER, "-o", "pid,args"]);
          expect(top.stdout.trim().split("\n").slice(1)).toHaveLength(1);
        },
      });
      expect(effects).toBeGreaterThan(4);
      expect(before).not.toBe("");
    },
    TIMEOUT_MS,
  );

  test(
    "stop and rm",
    async () => {
      const effects = await crashEverywhere({
        prepare: (crashing) => startSleeper(crashing, "--restart", "unless-stopped"),
        async verb({ docker }) {
          const stop = await docker(["stop", SLEEPER]);
          // Comes after whatever the engine does in the background once it said that the container stopped.
          const remove = await docker(["rm", SLEEPER]);
          return { stopped: stop.code === 0, removed: remove.code === 0 };
        },
        async check(crashing, { answer }) {
          const state = await inspect(crashing, "{{.State.Status}} {{.State.ExitCode}}");
          // What was acknowledged holds; what was not may be done or not.
          const done = answer.stopped ? ["exited 137", ""] : ["running 0", "exited 137"];
          expect(answer.removed ? [""] : done).toContain(state);
          if (state === "running 0") expect((await crashing.docker(["stop", SLEEPER])).code).toBe(0);
          if (state !== "") expect((await crashing.docker(["rm", SLEEPER])).code).toBe(0);
        },
      });
      expect(effects).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );

  test(
    "rm --force",
    async () => {
      const effects = await crashEverywhere({
        prepare: (crashing) => startSleeper(crashing, "--publish", "127.0.0.1::80"),
        verb: ({ docker }) => docker(["rm", "--force", SLEEPER]),
        async check(crashing, { diedBefore }) {
          const { running, resting } = await containersOf(crashing);
          if (diedBefore === undefined) expect([...running, ...resting]).toEqual([]);
          expect((await crashing.docker(["rm", "--force", SLEEPER])).code).toBe(0);
          expect(await containersOf(crashing)).toEqual({ running: [], resting: [] });
          await startSleeper(crashing);
        },
      });
      expect(effects).toBeGreaterThan(15);
    },
    TIMEOUT_MS,
  );
});
