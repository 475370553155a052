import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot } from "../fixtures/busybox-root.ts";
import { findProgram } from "../fixtures/programs.ts";
import { startRegistry, type TestRegistry } from "../fixtures/registry.ts";
import { runOrThrow } from "../fixtures/run-command.ts";
import { crashEverywhere } from "./crash-everywhere.ts";
import { type CrashingEngine, startCrashingEngine } from "./crashing-engine.ts";
import { startHoldingProxy } from "./holding-proxy.ts";
import { expectResidue, takeResidue } from "./residue.ts";

const TIMEOUT_MS = 120_000;
const hasRegistry = findProgram("docker-registry") !== undefined;

/** The image is whole: its layers are there, and so is what they are made from. */
async function expectWhole({ docker }: CrashingEngine, image: string): Promise<void> {
  const run = await docker(["run", "--rm", "--network", "none", image, "cat", "/marker"]);
  expect(run).toEqual({ stdout: "whole\n", stderr: "", code: 0 });
}

/** A push works now, and what it brought to the registry is whole. Leaves the image under that name alone. */
async function expectPushed(crashing: CrashingEngine, name: string): Promise<void> {
  const { docker } = crashing;
  const { stdout, code } = await docker(["push", name]);
  expect(code).toBe(0);
  const [, digest] = /digest: (\S+)/.exec(stdout)!;
  const { stdout: id } = await docker(["image", "inspect", "--format", "{{.Id}}", name]);
  expect((await docker(["rmi", "--force", id.trim()])).code).toBe(0);
  expect((await docker(["pull", name])).stdout).toContain(`Digest: ${digest}`);
  await expectWhole(crashing, name);
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
    "push",
    async () => {
      let runs = 0;
      const names = new Map<CrashingEngine, string>();
      const effects = await crashEverywhere({
        engine: { image: false },
        // A repository of its own each time: nothing of it is there yet.
        async prepare(crashing) {
          const name = `${registry.address}/faults/push-${++runs}:latest`;
          names.set(crashing, name);
          await crashing.docker(["load", "--input", archive]);
          await crashing.docker(["tag", reference, name]);
        },
        verb: (crashing) => crashing.docker(["push", names.get(crashing)!]),
        async check(crashing, { diedBefore, answer }) {
          const name = names.get(crashing)!;
          if (diedBefore === undefined) expect(answer.code).toBe(0);
          await expectPushed(crashing, name);
          expect((await crashing.docker(["rmi", name])).code).toBe(0);
        },
      });
      expect(effects).toBeGreaterThan(3);
    },
    TIMEOUT_MS,
  );

  test(
    "and in the middle of a blob's upload: the next push works, and nothing is left of the first",
    async () => {
      await using proxy = await startHoldingProxy(registry.address);
      await using crashing = await startCrashingEngine({ image: false });
      const { docker, engine } = crashing;
      const name = `${proxy.address}/faults/cut:latest`;
      await docker(["load", "--input", archive]);
      await docker(["tag", reference, name]);
      await docker(["rmi", reference]);
      // A start sweeps: what loading left is not to be taken for something of the push.
      await engine.stop();
      await engine.restart();
      const before = await takeResidue(engine);

      const held = proxy.holdAfter(300_000);
      const pushing = docker(["push", name]);
      await held;
      await engine.crash();
      expect((await pushing).code).not.toBe(0);
      proxy.release();
      await engine.restart();
      await expectResidue(engine, before);
      await expectPushed(crashing, name);
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
