import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { type DockerCli, dockerCli } from "../fixtures/docker-cli.ts";
import { startEngine, type TestEngine } from "../fixtures/engine.ts";
import { startExample, stopExample } from "../fixtures/example-plugin.ts";
import { TEST_IMAGE, useEngine } from "./harness.ts";

describe("a volume plug-in", () => {
  const harness = useEngine();
  const docker = (...args: string[]) => harness.docker(args);
  let plugin: ChildProcess | undefined;
  let root: string;

  beforeAll(async () => {
    root = join(harness.engine.directory, "plugin-volumes");
    plugin = await startExample(
      "directory-volumes.ts",
      join(harness.engine.runRoot, "plugins/directories.sock"),
      root,
    );
  });
  afterAll(() => stopExample(plugin));

  test("keeps a volume through its life", async () => {
    const created = await docker("volume", "create", "-d", "directories", "-o", "mode=0700", "far");
    expect(created).toEqual({ stdout: "far\n", stderr: "", code: 0 });
    expect(statSync(join(root, "far")).mode & 0o7777).toBe(0o700);
    const script = "echo content > /v/f; cat /v/f";
    const run = await docker("run", "--rm", "-v", "far:/v", TEST_IMAGE, "sh", "-c", script);
    expect(run).toEqual({ stdout: "content\n", stderr: "", code: 0 });
    const [volume] = JSON.parse((await docker("volume", "inspect", "far")).stdout);
    expect(volume).toMatchObject({
      Name: "far",
      Driver: "directories",
      Mountpoint: join(root, "far"),
      Options: { mode: "0700" },
      Status: { users: 0 },
    });
    expect((await docker("volume", "ls")).stdout).toContain("directories   far\n");
    expect((await docker("volume", "rm", "far")).stdout).toBe("far\n");
    expect(existsSync(join(root, "far"))).toBe(false);
  });

  test("hears of users across a crash of the daemon", async () => {
    const users = async () =>
      (await docker("volume", "inspect", "-f", "{{.Status.users}}", "held")).stdout.trim();
    const id = (
      await docker(
        "run",
        "-d",
        "--volume-driver",
        "directories",
        "-v",
        "held:/v",
        TEST_IMAGE,
        "sleep",
        "1000",
      )
    ).stdout.trim();
    expect(await users()).toBe("1");
    await harness.engine.crash();
    await harness.engine.restart();
    expect(await users()).toBe("1");
    expect((await docker("volume", "rm", "held")).stderr).toContain("volume is in use");
    await docker("rm", "-f", id);
    expect(await users()).toBe("0");
    await docker("volume", "rm", "held");
  });

  test("that is gone keeps neither the engine from starting nor a container from ending", async () => {
    const run = [
      "run",
      "-d",
      "--volume-driver",
      "directories",
      "-v",
      "orphan:/v",
      TEST_IMAGE,
      "sleep",
      "1000",
    ];
    const id = (await docker(...run)).stdout.trim();
    await harness.engine.crash();
    await stopExample(plugin);
    await harness.engine.restart();
    expect((await docker("exec", id, "ls", "-d", "/v")).stdout).toBe("/v\n");
    expect((await docker("rm", "-f", id)).code).toBe(0);
    const socketPath = join(harness.engine.runRoot, "plugins/directories.sock");
    plugin = await startExample("directory-volumes.ts", socketPath, root);
    expect((await docker("volume", "rm", "orphan")).stdout).toBe("orphan\n");
  });

  test("shows volumes that it made for others, and says no in its own words", async () => {
    await docker("volume", "create", "-d", "directories", "seen");
    expect(readdirSync(root)).toEqual(["seen"]);
    expect((await docker("volume", "create", "-d", "directories", "-o", "x=y", "bad")).stderr).toBe(
      "Error response from daemon: create bad: VolumeDriver.Create: unknown option: x\n",
    );
    expect((await docker("volume", "create", "-d", "local", "seen")).stderr).toBe(
      "Error response from daemon: create seen: driver 'directories' already has volume 'seen': volume name must be unique\n",
    );
    await docker("volume", "rm", "seen");
  });

  test("that nobody knows is not found", async () => {
    expect((await docker("volume", "create", "-d", "nosuch", "v1")).stderr).toBe(
      'Error response from daemon: create v1: error looking up volume plugin nosuch: plugin "nosuch" not found\n',
    );
  });

  test("that hangs holds up nobody else", async () => {
    const hanging: Server = createServer(() => {
      // Never answers.
    });
    const socketPath = join(harness.engine.directory, "hanging.sock");
    hanging.listen(socketPath);
    await once(hanging, "listening");
    writeFileSync(join(harness.engine.runRoot, "plugins/hanging.spec"), `unix://${socketPath}`);
    const stuck = docker("volume", "create", "-d", "hanging", "stuck");
    await once(hanging, "request");
    const run = await docker("run", "--rm", "-v", "quick:/v", TEST_IMAGE, "echo", "fine");
    expect(run.stdout).toBe("fine\n");
    hanging.closeAllConnections();
    hanging.close();
    writeFileSync(join(harness.engine.runRoot, "plugins/hanging.spec"), "");
    await harness.engine.crash();
    expect((await stuck).code).toBe(1);
    await harness.engine.restart();
  }, 30_000);
});

describe("an authorization plug-in", () => {
  let engine: TestEngine;
  let docker: DockerCli;
  let plugin: ChildProcess | undefined;

  beforeAll(async () => {
    engine = await startEngine({ flags: ["--authorization-plugin", "read-only"] });
    docker = dockerCli(engine.host, join(engine.directory, "docker-config"));
  });
  afterEach(() => stopExample(plugin));
  afterAll(async () => {
    await engine.stop();
    expect(engine.leaks()).toEqual([]);
    await engine[Symbol.asyncDispose]();
  });

  test("that is not there denies everything", async () => {
    expect((await docker(["volume", "ls"])).stderr).toBe(
      'Error response from daemon: plugin read-only failed with error: plugin "read-only" not found\n',
    );
  });

  test("lets through what it allows and tells why not", async () => {
    plugin = await startExample("read-only-api.ts", join(engine.runRoot, "plugins/read-only.sock"));
    expect(await docker(["volume", "ls", "-q"])).toEqual({ stdout: "", stderr: "", code: 0 });
    expect((await docker(["volume", "create", "v1"])).stderr).toBe(
      "Error response from daemon: authorization denied by plugin read-only: POST /volumes/create changes something\n",
    );
    const create = ["create", "--pull", "never"];
    expect((await docker([...create, "--privileged", "none"])).stderr).toContain(
      "authorization denied by plugin read-only: privileged containers are not allowed",
    );
    expect((await docker([...create, "none"])).stderr).toContain("No such image: none:latest");
    const label = `long=${"x".repeat(1024 * 100)}`;
    const labels = Array.from({ length: 11 }, (_, index) => ["--label", `${index}${label}`]).flat();
    expect((await docker([...create, ...labels, "none"])).stderr).toContain(
      "the request body is longer than",
    );
  });
});
