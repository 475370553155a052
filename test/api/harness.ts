import { afterAll, beforeAll, setDefaultTimeout } from "bun:test";
import { join } from "node:path";
import { makeBusyboxRoot } from "../fixtures/busybox-root.ts";
import { type DockerCli, dockerCli, removeContainers } from "../fixtures/docker-cli.ts";
import { type EngineOptions, startEngine, type TestEngine } from "../fixtures/engine.ts";
import { runOrThrow } from "../fixtures/run-command.ts";

/** The image that every suite finds in its engine: a busybox tree. */
export const TEST_IMAGE = "test/busybox:latest";

const TEST_TIMEOUT_MS = 30_000;

/** What a black-box suite works with; readable from inside tests, once `beforeAll` has run. */
export interface Harness {
  readonly engine: TestEngine;
  /** The docker command line against the engine. */
  readonly docker: DockerCli;
}

/**
 * One engine for all tests of a file, with the docker command line and one image. After the last test every container is
 * removed, the engine stopped, and the file fails where anything was left on the machine.
 */
export function useEngine(options?: EngineOptions, program?: string): Harness {
  // A test that takes too long ends every process of the file, the engine among them: its own waits shall end first.
  setDefaultTimeout(TEST_TIMEOUT_MS);
  let harness: Harness | undefined;
  const started = (): Harness => {
    if (!harness) throw new Error("the engine runs while tests run, not while a file is read");
    return harness;
  };

  beforeAll(async () => {
    const engine = await startEngine(options);
    const docker = dockerCli(engine.host, join(engine.directory, "docker-config"), program);
    harness = { engine, docker };
    await importTestImage(engine, docker);
  });

  afterAll(async () => {
    if (!harness) return;
    await using engine = harness.engine;
    // A test that timed out took the daemon with it; its containers run on.
    if ((await harness.docker(["version"])).code !== 0) await engine.restart();
    await removeContainers(harness.docker);
  });

  return {
    get engine() {
      return started().engine;
    },
    get docker() {
      return started().docker;
    },
  };
}

/** The engine has the image `TEST_IMAGE`. */
export async function importTestImage(engine: TestEngine, docker: DockerCli): Promise<void> {
  const root = makeBusyboxRoot(join(engine.directory, "busybox"));
  const tar = join(engine.directory, "busybox.tar");
  await runOrThrow(["tar", "-C", root, "-cf", tar, "."]);
  const { code, stderr } = await docker(["import", "--change", 'CMD ["sh"]', tar, TEST_IMAGE]);
  if (code !== 0) throw new Error(`docker import: ${stderr}`);
}
