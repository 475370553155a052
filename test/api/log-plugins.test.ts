import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { startExample, stopExample } from "../fixtures/example-plugin.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("a log plug-in", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  let plugin: ChildProcess | undefined;

  const start = async () => {
    const socketPath = join(harness.engine.runRoot, "plugins/files.sock");
    plugin = await startExample("file-logs.ts", socketPath, join(harness.engine.directory, "kept-logs"));
  };
  beforeAll(start);
  afterAll(() => stopExample(plugin));

  test("gets every line and gives them back", async () => {
    const driver = ["--log-driver", "files", "--log-opt", "cache-disabled=true", "--log-opt", "any=thing"];
    const script = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo end >&2";
    await docker("run", "-d", "--name", "noisy", ...driver, TEST_IMAGE, "sh", "-c", script);
    const followed = await docker("logs", "-f", "noisy");
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join("");
    expect([followed.stdout === lines, followed.stderr]).toEqual([true, "end\n"]);
    const kept = await docker("logs", "noisy");
    expect([kept.stdout === lines, kept.stderr]).toEqual([true, "end\n"]);
    // Which of the two streams was read last is not certain.
    const tail = await docker("logs", "-n", "2", "noisy");
    expect(`${tail.stdout}${tail.stderr}`.trimEnd().split("\n")).toHaveLength(2);
    expect((await docker("inspect", "-f", "{{json .HostConfig.LogConfig.Config}}", "noisy")).stdout).toBe(
      '{"any":"thing","cache-disabled":"true"}\n',
    );
    await docker("rm", "noisy");
    expect(readdirSync(join(harness.engine.runRoot, "logging"))).toEqual([]);
  });

  test("that dies stops no container; what it missed is read here, and delivered when it is back", async () => {
    const script = "echo one; read x; echo two; read x; echo three";
    await docker("run", "-di", "--name", "patient", "--log-driver", "files", TEST_IMAGE, "sh", "-c", script);
    const say = () => docker("exec", "patient", "sh", "-c", "echo > /proc/1/fd/0");
    while ((await docker("logs", "patient")).stdout !== "one\n") {
      // The container is as fast as it likes.
    }
    await stopExample(plugin);
    await harness.engine.crash();
    await harness.engine.restart();
    await say();
    while ((await docker("logs", "patient")).stdout !== "one\ntwo\n") {
      // As above.
    }
    await start();
    await say();
    await docker("wait", "patient");
    await stopExample(plugin);
    plugin = undefined;
    expect((await docker("logs", "patient")).stdout).toBe("one\ntwo\nthree\n");
    await docker("rm", "patient");
  });

  test("that hangs or lies holds up neither containers nor their removal", async () => {
    const liar = createServer((request, response) => {
      const answers: Record<string, string> = {
        "/Plugin.Activate": '{"Implements":["LogDriver"]}',
        "/LogDriver.Capabilities": '{"Cap":{"ReadLogs":true}}',
      };
      if (request.url === "/LogDriver.ReadLogs") response.end(Buffer.alloc(4, 0xff));
      else if (answers[request.url!]) response.end(answers[request.url!]);
    });
    const socketPath = join(harness.engine.directory, "liar.sock");
    liar.listen(socketPath);
    await once(liar, "listening");
    writeFileSync(join(harness.engine.runRoot, "plugins/liar.spec"), `unix://${socketPath}`);
    const run = ["run", "--name", "stuck", "--log-driver", "liar", TEST_IMAGE, "echo", "fine"];
    expect((await docker(...run)).stdout).toBe("fine\n");
    expect((await docker("logs", "stuck")).stderr).toContain("no entries of a believable length");
    expect((await docker("rm", "stuck")).code).toBe(0);
    liar.closeAllConnections();
    liar.close();
  });

  test("that gives nothing back, with nothing kept here, says so at once", async () => {
    const deaf = createServer((request, response) => {
      if (request.url === "/Plugin.Activate") response.end('{"Implements":["LogDriver"]}');
      else response.end(request.url === "/LogDriver.Capabilities" ? '{"Cap":{}}' : "{}");
    });
    const socketPath = join(harness.engine.directory, "deaf.sock");
    deaf.listen(socketPath);
    await once(deaf, "listening");
    writeFileSync(join(harness.engine.runRoot, "plugins/deaf.spec"), `unix://${socketPath}`);
    const driver = ["--log-driver", "deaf", "--log-opt", "cache-disabled=true"];
    await docker("create", "--name", "unheard", ...driver, TEST_IMAGE);
    expect((await docker("logs", "unheard")).stderr).toBe(
      "Error response from daemon: configured logging driver does not support reading\n",
    );
    await docker("rm", "unheard");
    deaf.closeAllConnections();
    deaf.close();
  });

  test("that nobody knows is refused at create", async () => {
    expect((await docker("create", "--log-driver", "nosuch", TEST_IMAGE)).stderr).toContain(
      "logger: no log driver named 'nosuch' is registered",
    );
  });
});
