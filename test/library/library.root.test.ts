import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBusyboxRoot } from "../fixtures/busybox-root.ts";
import { containerTraces, removeStandingParts } from "../fixtures/engine-traces.ts";
import { runCommand, runOrThrow } from "../fixtures/run-command.ts";
import { makeTempDir } from "../fixtures/temp-dir.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = fileURLToPath(new URL("run-container.program.ts", import.meta.url));
const RUNTIMES = ["bun", "node"].map((name) => [name, join(repository, "node_modules/.bin", name)] as const);

setDefaultTimeout(60_000);

describe.skipIf(process.getuid?.() !== 0)("the engine as a library", () => {
  test.each(RUNTIMES)("runs containers in a program of %s", async (_name, runtime) => {
    if (!existsSync(runtime)) throw new Error(`${runtime} is missing: run npm ci`);
    using temp = makeTempDir("library");
    const tar = join(temp.path, "busybox.tar");
    await runOrThrow(["tar", "-C", makeBusyboxRoot(join(temp.path, "busybox")), "-cf", tar, "."]);
    try {
      const { stdout, stderr, code } = await runCommand([runtime, PROGRAM, temp.path, tar], {
        cwd: repository,
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toEqual({
        exitCode: 6,
        stdout: "hello\n/tmp\n33\n",
        stderr: "apart\n",
        counted: "100000",
        hasRoute: true,
        refusal: "No such image: no-such-image:latest",
        left: 0,
      });
      expect(containerTraces(temp.path, join(temp.path, "data"))).toEqual([]);
    } finally {
      await removeStandingParts(join(temp.path, "data"));
    }
  });
});
