import { describe, expect, test } from "bun:test";
import { TEST_IMAGE, useEngine } from "./harness.ts";

const PID_ONE = "tr '\\0' ' ' < /proc/1/cmdline; echo";
/** Leaves a child to process 1 and prints how many processes are dead and still there once it has ended. */
const COUNT_ZOMBIES =
  "sh -c 'sleep 0.01 & exec true'; sleep 0.2; grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l";

describe("--init", () => {
  const harness = useEngine();
  const run = (flags: readonly string[], script: string) =>
    harness.docker(["run", "--rm", "--network", "none", ...flags, TEST_IMAGE, "sh", "-c", script]);

  test("process 1 is the init, which runs the program", async () => {
    expect((await run(["--init"], PID_ONE)).stdout).toStartWith("/sbin/docker-init -- sh -c ");
    expect((await run([], PID_ONE)).stdout).toStartWith("sh -c ");
  });

  test.each([
    [["--init"], "0\n"],
    [[], "1\n"],
  ])("%p: zombies that stay", async (flags, zombies) => {
    const { docker } = harness;
    await docker(["run", "-d", ...flags, "--name", "reaper", TEST_IMAGE, "sleep", "1000"]);
    expect((await docker(["exec", "reaper", "sh", "-c", COUNT_ZOMBIES])).stdout).toBe(zombies);
    await docker(["rm", "-f", "reaper"]);
  });

  test("it hands signals on and returns the program's exit code", async () => {
    expect((await run(["--init"], "exit 7")).code).toBe(7);
    const { docker } = harness;
    await docker(["run", "-d", "--init", "--name", "asleep", TEST_IMAGE, "sleep", "1000"]);
    const started = performance.now();
    await docker(["stop", "asleep"]);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(
      (await docker(["inspect", "-f", "{{.State.ExitCode}} {{.Path}} {{.Args}}", "asleep"])).stdout,
    ).toBe("143 sleep [1000]\n");
    await docker(["rm", "asleep"]);
  });

  test("who joins other processes has an init already", async () => {
    expect((await run(["--init", "--pid", "host"], "ls /sbin")).stderr).toContain("No such file");
  });

  test("a read-only root without /sbin", async () => {
    expect((await run(["--init", "--read-only"], PID_ONE)).stdout).toStartWith("/sbin/docker-init ");
  });

  test("info and version name the program", async () => {
    const { stdout } = await harness.docker(["info", "-f", "{{.InitBinary}}"]);
    expect(stdout).toMatch(/^(docker-init|tini-static|catatonit)\n$/);
    const version = await harness.docker(["version", "-f", "{{json .Server.Components}}"]);
    const components = JSON.parse(version.stdout) as Array<{ Name: string; Version: string }>;
    expect(components.find(({ Name }) => Name === stdout.trim())?.Version).toMatch(/^\d/);
  });
});

describe("an engine whose containers all have an init", () => {
  const harness = useEngine({ flags: ["--init", "--init-path", "no-such-init"] });

  test("says at the start where there is none; --init=false does without", async () => {
    const { docker } = harness;
    const refused = await docker(["run", "--name", "refused", TEST_IMAGE, "true"]);
    expect(refused.stderr).toContain(
      'Error response from daemon: exec: "no-such-init": executable file not found in $PATH',
    );
    expect(refused.code).toBe(127);
    expect((await docker(["run", "--rm", "--init=false", TEST_IMAGE, "true"])).code).toBe(0);
    expect((await docker(["info", "-f", "{{.InitBinary}}"])).stdout).toBe("no-such-init\n");
  });
});
