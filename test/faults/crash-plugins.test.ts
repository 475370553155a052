import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makePluginTree } from "../fixtures/plugin-tree.ts";
import { crashEverywhere } from "./crash-everywhere.ts";
import type { CrashingEngine } from "./crashing-engine.ts";

const TIMEOUT_MS = 120_000;
const NAME = "sample:latest";

const plugin = ({ docker }: CrashingEngine, ...args: string[]) => docker(["plugin", ...args]);
const treeOf = ({ engine }: CrashingEngine) => join(engine.directory, "tree");

async function listed(crashing: CrashingEngine): Promise<string> {
  return (await plugin(crashing, "ls", "--format", "{{.Name}} {{.Enabled}}")).stdout.trim();
}

/** The plug-in answers where it is enabled, and can be brought to its end whatever it is. */
async function useAndRemove(crashing: CrashingEngine): Promise<void> {
  const state = await listed(crashing);
  if (state === `${NAME} false`) {
    expect(await plugin(crashing, "enable", NAME)).toMatchObject({ stderr: "", code: 0 });
  }
  if (state !== "") {
    const created = await crashing.docker(["volume", "create", "--driver", NAME, "v"]);
    expect(created).toEqual({ stdout: "v\n", stderr: "", code: 0 });
    expect((await crashing.docker(["volume", "rm", "v"])).code).toBe(0);
    expect(await plugin(crashing, "rm", "--force", NAME)).toMatchObject({ stderr: "", code: 0 });
  }
  expect(await listed(crashing)).toBe("");
}

/** Nothing of plug-ins is on the disk, mounted or running. */
function expectNothing({ engine }: CrashingEngine): void {
  const root = join(engine.dataRoot, "plugins");
  const entries = (path: string) => (existsSync(path) ? readdirSync(path) : []);
  expect(entries(join(root, "installed"))).toEqual([]);
  expect(entries(join(root, "unfinished"))).toEqual([]);
  expect(entries(join(root, "content/blobs/sha256"))).toEqual([]);
  expect(entries(join(engine.runRoot, "plugins"))).toEqual([]);
  expect(entries(join(engine.runRoot, "plugin-bundles"))).toEqual([]);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(root);
}

describe("the daemon is killed before each effect of", () => {
  test(
    "plugin create",
    async () => {
      const effects = await crashEverywhere({
        engine: { image: false },
        stride: 12,
        setUp: async (crashing) => makePluginTree(treeOf(crashing)),
        verb: (crashing) => plugin(crashing, "create", NAME, treeOf(crashing)),
        async check(crashing, { answer }) {
          if (answer.code === 0) expect(await listed(crashing)).toBe(`${NAME} false`);
          await useAndRemove(crashing);
          expectNothing(crashing);
        },
      });
      expect(effects).toBeGreaterThan(10);
    },
    TIMEOUT_MS,
  );

  test(
    "plugin enable, disable and rm",
    async () => {
      const effects = await crashEverywhere({
        engine: { image: false },
        stride: 24,
        setUp: async (crashing) => makePluginTree(treeOf(crashing)),
        async prepare(crashing) {
          expect((await plugin(crashing, "create", NAME, treeOf(crashing))).code).toBe(0);
        },
        async verb(crashing) {
          const enabled = await plugin(crashing, "enable", NAME);
          const disabled = await plugin(crashing, "disable", NAME);
          const removed = await plugin(crashing, "rm", NAME);
          return [enabled.code, disabled.code, removed.code].join(" ");
        },
        async check(crashing, { answer }) {
          if (answer === "0 0 0") expect(await listed(crashing)).toBe("");
          await useAndRemove(crashing);
          expectNothing(crashing);
        },
      });
      expect(effects).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );
});
