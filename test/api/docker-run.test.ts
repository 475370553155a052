import { describe, expect, test } from "bun:test";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("docker run against the engine", () => {
  const harness = useEngine();

  test("output goes to stdout and nothing else does", async () => {
    const run = await harness.docker(["run", "--rm", TEST_IMAGE, "echo", "hello"]);
    expect(run).toEqual({ stdout: "hello\n", stderr: "", code: 0 });
  });

  test("stderr stays apart", async () => {
    const run = await harness.docker(["run", "--rm", TEST_IMAGE, "sh", "-c", "echo out; echo err >&2"]);
    expect(run).toEqual({ stdout: "out\n", stderr: "err\n", code: 0 });
  });

  test("the exit code is the program's", async () => {
    expect((await harness.docker(["run", "--rm", TEST_IMAGE, "sh", "-c", "exit 42"])).code).toBe(42);
  });

  test("a program that is not there ends with 127", async () => {
    const run = await harness.docker(["run", "--rm", TEST_IMAGE, "no-such-program"]);
    expect(run.code).toBe(127);
    expect(run.stderr).toContain("executable file not found in $PATH");
  });

  test("stdin is read to its end", async () => {
    const run = await harness.docker(["run", "--rm", "-i", TEST_IMAGE, "wc", "-c"], {
      stdin: "x".repeat(100_000),
    });
    expect(run).toEqual({ stdout: "100000\n", stderr: "", code: 0 });
  });

  test("exec runs beside PID 1", async () => {
    const { docker } = harness;
    await docker(["run", "-d", "--name", "sleeper", TEST_IMAGE, "sleep", "1000"]);
    const exec = await docker(["exec", "sleeper", "sh", "-c", "echo in; exit 5"]);
    expect(exec).toEqual({ stdout: "in\n", stderr: "", code: 5 });
    expect((await docker(["rm", "-f", "sleeper"])).stdout).toBe("sleeper\n");
  });

  test("containers outlive a crash of the daemon, with their logs and exit codes", async () => {
    const { docker, engine } = harness;
    // The program waits for a file, so that it ends only after the daemon came back.
    const script = "echo before; until [ -e /go ]; do usleep 20000; done; echo after; exit 9";
    await docker(["run", "-d", "--name", "survivor", TEST_IMAGE, "sh", "-c", script]);
    await engine.crash();
    await engine.restart();
    expect((await docker(["exec", "survivor", "touch", "/go"])).code).toBe(0);
    expect((await docker(["wait", "survivor"])).stdout).toBe("9\n");
    expect((await docker(["logs", "survivor"])).stdout).toBe("before\nafter\n");
  });
});
