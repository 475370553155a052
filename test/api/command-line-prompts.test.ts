import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { commandLines, dockerCli } from "../fixtures/docker-cli.ts";
import { useEngine } from "./harness.ts";

const SURE = "Are you sure you want to continue? [y/N] ";

describe("questions before something is removed", () => {
  const harness = useEngine();

  for (const [name, program] of commandLines) {
    test.each([
      ["container", "WARNING! This will remove all stopped containers.\n"],
      ["image", "WARNING! This will remove all dangling images.\n"],
      ["network", "WARNING! This will remove all custom networks not used by at least one container.\n"],
      ["volume", "WARNING! This will remove anonymous local volumes not used by at least one container.\n"],
    ])(`${name} %s prune: a no, no answer, and a signal end in peace`, async (noun, warning) => {
      const { engine } = harness;
      const config = join(engine.directory, `${name}-config`);
      const cli = dockerCli(engine.host, config, program);
      for (const stdin of ["n\n", "", "yes\n"])
        expect(await cli([noun, "prune"], { stdin })).toEqual({
          stdout: `${warning}${SURE}`,
          stderr: "",
          code: 0,
        });
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const child = spawn(program, ["--config", config, "-H", engine.host, noun, "prune"], {
          stdio: ["pipe", "pipe", "inherit"],
        });
        const output: string[] = [];
        child.stdout.on("data", (bytes) => {
          output.push(String(bytes));
          if (output.join("") === `${warning}${SURE}`) child.kill(signal);
        });
        const [code] = await once(child, "close");
        expect([output.join(""), code]).toEqual([`${warning}${SURE}\n`, 0]);
      }
    });
  }
});
