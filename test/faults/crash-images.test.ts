import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot } from "../fixtures/busybox-root.ts";
import { findProgram } from "../fixtures/programs.ts";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runOrThrow } from "../fixtures/run-command.ts";
import { crashEverywhere } from "./crash-everywhere.ts";
import { type CrashingEngine, startCrashingEngine } from "./crashing-engine.ts";

const TIMEOUT_MS = 120_000;
const hasRegistry = findProgram("docker-registry") !== undefined;

/** The image is whole: its layers are there, and so is what they are made from. */
async function expectWhole({ docker }: CrashingEngine, image: string): Promise<void> {
  const run = await docker(["run", "--rm", "--network", "none", image, "cat", "/marker"]);
  expect(run).toEqual({ stdout: "whole\n", stderr: "", code: 0 });
}

/** An archive with a config, a layer and what names them, and nothing twice: each file of it is stored the same way. */
async function saveInOldForm({ docker, engine }: CrashingEngine, image: string): Promise<string> {
  const directory = join(engine.directory, "saved");
  mkdirSync(directory);
  await docker(["save", "--output", `${directory}.tar`, image]);
  await runOrThrow(["tar", "-C", directory, "-xf", `${directory}.tar`]);
  const manifest = "manifest.json";
  const [entry] = JSON.parse(readFileSync(join(directory, manifest), "utf8"));
  const archive = join(engine.directory, "image.tar");
  await runOrThrow(["tar", "-C", directory, "-cf", archive, manifest, entry.Config, ...entry.Layers]);
  return archive;
}

describe.skipIf(!hasRegistry)("the daemon is killed before each effect of", () => {
  let registry: TestRegistry;
  /** Where the image comes from that is in the registry and in the archive. */
  let source: CrashingEngine;
  let archive = "";
  let reference = "";

  beforeAll(async () => {
    registry = await startRegistry();
    reference = `${registry.address}/faults/image:latest`;
    source = await startCrashingEngine({ image: false });
    const { docker, engine } = source;
    const root = makeBusyboxRoot(join(engine.directory, "root"));
    writeFileSync(join(root, "marker"), "whole\n");
    await runOrThrow(["tar", "-C", root, "-cf", join(engine.directory, "root.tar"), "."]);
    await docker(["import", join(engine.directory, "root.tar"), reference]);
    const push = await docker(["push", reference]);
    if (push.code !== 0) throw new Error(push.stderr);
    archive = await saveInOldForm(source, reference);
  });
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  test(
    "pull",
    async () => {
      const effects = await crashEverywhere({
        engine: { image: false },
        verb: ({ docker }) => docker(["pull", reference]),
        async check(crashing, { diedBefore, answer }) {
          if (diedBefore === undefined) expect(answer.code).toBe(0);
          if (answer.code === 0) await expectWhole(crashing, reference);
          const again = await crashing.docker(["pull", reference]);
          expect(again).toMatchObject({ stderr: "", code: 0 });
          await expectWhole(crashing, reference);
          expect((await crashing.docker(["rmi", reference])).code).toBe(0);
        },
      });
      expect(effects).toBeGreaterThan(30);
    },
    TIMEOUT_MS,
  );

  test(
    "load",
    async () => {
      const effects = await crashEverywhere({
        engine: { image: false },
        verb: ({ docker }) => docker(["load", "--input", archive]),
        async check(crashing, { diedBefore, answer }) {
          if (diedBefore === undefined) expect(answer.code).toBe(0);
          if (answer.code === 0) await expectWhole(crashing, reference);
          const again = await crashing.docker(["load", "--input", archive]);
          expect(again).toMatchObject({ stderr: "", code: 0 });
          await expectWhole(crashing, reference);
          expect((await crashing.docker(["rmi", reference])).code).toBe(0);
        },
      });
      expect(effects).toBeGreaterThan(30);
    },
    TIMEOUT_MS,
  );

  test(
    "rmi",
    async () => {
      const effects = await crashEverywhere({
        engine: { image: false },
        async prepare({ docker }) {
          await docker(["load", "--input", archive]);
        },
        verb: ({ docker }) => docker(["rmi", reference]),
        async check(crashing, { answer }) {
          const { stdout } = await crashing.docker(["images", "--all", "--quiet"]);
          const id = stdout.trim();
          if (answer.code === 0) expect(id).toBe("");
          // Gone or whole, though its name may be gone.
          if (id === "") return;
          await expectWhole(crashing, id);
          expect((await crashing.docker(["rmi", id])).code).toBe(0);
        },
      });
      expect(effects).toBeGreaterThan(5);
    },
    TIMEOUT_MS,
  );
});
