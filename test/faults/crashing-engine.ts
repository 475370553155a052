import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importTestImage } from "../api/harness.ts";
import { type DockerCli, dockerCli } from "../fixtures/docker-cli.ts";
import { startEngine, type TestEngine } from "../fixtures/engine.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";
import { PLAN_VARIABLE } from "./instrumented/effect.ts";

const PRELOAD = fileURLToPath(new URL("instrumented/preload.ts", import.meta.url));
const DAEMON = fileURLToPath(new URL("../../src/cmd/gantryd.ts", import.meta.url));

/** An engine that can be told to die right before the n-th thing that it does to the world. */
export interface CrashingEngine extends AsyncDisposable {
  readonly engine: TestEngine;
  readonly docker: DockerCli;
  /** From now on effects are counted, and in place of the one with that number the daemon dies. Also for its next start. */
  arm(crashAt: number): void;
  /** Effects are no longer counted. What the daemon died instead of doing; undefined where it did not come that far. */
  disarm(): string | undefined;
}

export interface CrashingEngineOptions {
  /** Whether the engine has the test image. */
  readonly image: boolean;
  readonly flags?: readonly string[];
}

/** Starts an engine whose program is the usual one, with its effects counted. */
export async function startCrashingEngine(options: CrashingEngineOptions): Promise<CrashingEngine> {
  await using undo = new AsyncDisposableStack();
  const temp = undo.use(makeTempDir("crash-plan"));
  const planPath = join(temp.path, "plan");
  const hitPath = `${planPath}.hit`;
  let plans = 0;
  const engine = await startEngine({
    program: [process.execPath, "--no-install", "--preload", PRELOAD, DAEMON],
    env: { [PLAN_VARIABLE]: planPath },
    ...(options.flags ? { flags: options.flags } : {}),
  });
  undo.use(engine);
  const docker = dockerCli(engine.host, join(engine.directory, "docker-config"));
  if (options.image) await importTestImage(engine, docker);
  const held = undo.move();
  return {
    engine,
    docker,
    arm(crashAt) {
      plans++;
      rmSync(hitPath, { force: true });
      writeFileSync(planPath, `plan-${plans} ${crashAt}`);
    },
    disarm() {
      rmSync(planPath, { force: true });
      return existsSync(hitPath) ? readFileSync(hitPath, "utf8") : undefined;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
