import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { TEST_IMAGE } from "../api/harness.ts";
import { crashEverywhere } from "./crash-everywhere.ts";
import type { CrashingEngine } from "./crashing-engine.ts";

const TIMEOUT_MS = 120_000;
const STRIDE = 6;

async function listed({ docker }: CrashingEngine): Promise<string[]> {
  return (await docker(["volume", "ls", "--quiet"])).stdout.split("\n").filter(Boolean).sort();
}

/** What is on the disk is what is listed. */
async function expectNoStrays(crashing: CrashingEngine): Promise<string[]> {
  const names = await listed(crashing);
  const root = join(crashing.engine.dataRoot, "volumes");
  // What was being removed goes in the background.
  while (readdirSync(root).some((name) => name.startsWith(".removed-"))) await crashing.docker(["version"]);
  expect(readdirSync(root).sort()).toEqual(names);
  return names;
}

/** The directory of all volumes is there, and stays. */
async function setUp({ docker }: CrashingEngine): Promise<void> {
  await docker(["volume", "create", "first"]);
  await docker(["volume", "rm", "first"]);
}

async function removeVolumes({ docker }: CrashingEngine, names: readonly string[]): Promise<void> {
  if (names.length > 0) await docker(["volume", "rm", ...names]);
}

describe("the daemon is killed before each effect of", () => {
  test(
    "volume create and rm",
    async () => {
      const effects = await crashEverywhere({
        stride: STRIDE,
        setUp,
        async verb({ docker }) {
          const created = await docker(["volume", "create", "--label", "a=b", "one"]);
          const removed = await docker(["volume", "rm", "one"]);
          return { created: created.code === 0, removed: removed.code === 0 };
        },
        async check(crashing, { diedBefore, answer }) {
          const names = await expectNoStrays(crashing);
          if (answer.removed) expect(names).toEqual([]);
          else if (answer.created) expect([[], ["one"]]).toContainEqual(names);
          if (diedBefore === undefined) expect(answer).toEqual({ created: true, removed: true });
          expect((await crashing.docker(["volume", "create", "one"])).stdout).toBe("one\n");
          const used = ["run", "--rm", "--network", "none", "-v", "one:/v", TEST_IMAGE, "touch", "/v/file"];
          expect((await crashing.docker(used)).stderr).toBe("");
          await removeVolumes(crashing, ["one"]);
        },
      });
      expect(effects).toBeGreaterThan(6);
    },
    TIMEOUT_MS,
  );

  test(
    "create with a volume that the image fills",
    async () => {
      const create = ["create", "--name", "filled", "-v", "etc:/etc", "-v", "/bin", TEST_IMAGE, "ls", "/etc"];
      const effects = await crashEverywhere({
        stride: STRIDE,
        setUp,
        verb: async ({ docker }) => (await docker(create)).code === 0,
        async check(crashing, { answer }) {
          const names = await expectNoStrays(crashing);
          if (answer) expect(names).toHaveLength(2);
          // All that the image has there or nothing: whoever tries again gets all of it.
          if (!answer) await crashing.docker(["rm", "--force", "--volumes", "filled"]);
          if (!answer) expect((await crashing.docker(create)).code).toBe(0);
          const { stdout, stderr } = await crashing.docker(["start", "--attach", "filled"]);
          expect({ stdout, stderr }).toEqual({
            stdout: "group\nhostname\nhosts\npasswd\nresolv.conf\n",
            stderr: "",
          });
          await crashing.docker(["rm", "--volumes", "filled"]);
          await removeVolumes(crashing, await listed(crashing));
        },
      });
      expect(effects).toBeGreaterThan(15);
    },
    TIMEOUT_MS,
  );

  test(
    "volume prune",
    async () => {
      const effects = await crashEverywhere({
        stride: STRIDE,
        setUp,
        async prepare({ docker }) {
          await docker(["volume", "create", "named"]);
          for (let count = 0; count < 2; count++) await docker(["volume", "create"]);
          await docker(["create", "--name", "user", "-v", "/used", TEST_IMAGE]);
        },
        verb: async ({ docker }) => (await docker(["volume", "prune", "--force"])).code === 0,
        async check(crashing, { answer }) {
          const names = await expectNoStrays(crashing);
          expect(names).toContain("named");
          const used = await crashing.docker(["inspect", "--format", "{{(index .Mounts 0).Name}}", "user"]);
          expect(names).toContain(used.stdout.trim());
          if (answer) expect(names).toHaveLength(2);
          await crashing.docker(["volume", "prune", "--force"]);
          expect(await expectNoStrays(crashing)).toHaveLength(2);
          await crashing.docker(["rm", "--volumes", "user"]);
          await removeVolumes(crashing, ["named"]);
        },
      });
      expect(effects).toBeGreaterThan(4);
    },
    TIMEOUT_MS,
  );

  test(
    "a volume's renaming",
    async () => {
      const effects = await crashEverywhere({
        stride: 1,
        setUp,
        async prepare({ docker, engine }) {
          await docker(["volume", "create", "--label", "a=b", "before"]);
          writeFileSync(join(engine.dataRoot, "volumes/before/_data/file"), "kept");
        },
        verb: ({ engine }) => post(engine.socketPath, "/gantry/volumes/before/rename?target=after"),
        async check(crashing, { answer }) {
          const names = await expectNoStrays(crashing);
          expect(answer === 200 ? [["after"]] : [["before"], ["after"]]).toContainEqual(names);
          const path = join(crashing.engine.dataRoot, "volumes", names[0]!, "_data/file");
          expect(readFileSync(path, "utf8")).toBe("kept");
          const labels = ["volume", "inspect", "--format", "{{.Labels.a}}", ...names];
          expect((await crashing.docker(labels)).stdout).toBe("b\n");
          await removeVolumes(crashing, names);
        },
      });
      expect(effects).toBeGreaterThan(2);
    },
    TIMEOUT_MS,
  );
});

/** The status of the answer; 0 where none came. */
function post(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ socketPath, method: "POST", path }, (response) => {
      response.resume();
      response.on("error", () => {});
      response.on("close", () => resolve(response.complete ? response.statusCode! : 0));
    });
    sent.on("error", () => resolve(0));
    sent.end();
  });
}
