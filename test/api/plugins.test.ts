import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
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

  test("that lost a volume makes it again, or leaves its name to others, unless a container has it", async () => {
    await docker("volume", "create", "-d", "directories", "lost");
    rmdirSync(join(root, "lost"));
    expect((await docker("volume", "create", "-d", "directories", "lost")).stdout).toBe("lost\n");
    expect(readdirSync(root)).toEqual(["lost"]);
    await docker("create", "--name", "holder", "-v", "lost:/v", TEST_IMAGE);
    rmdirSync(join(root, "lost"));
    expect((await docker("volume", "create", "lost")).stderr).toContain(
      "found references to volume 'lost' in driver 'directories' but the volume was not found in the driver",
    );
    await docker("rm", "holder");
    await docker("volume", "create", "lost");
    expect((await docker("volume", "inspect", "-f", "{{.Driver}}", "lost")).stdout).toBe("local\n");
    await docker("volume", "rm", "lost");
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

  /** The status and the message that a request, written by hand, is answered with. */
  async function send(head: readonly string[], body: string | Buffer = ""): Promise<string> {
    const socket = connect(engine.socketPath);
    socket.on("error", () => {
      // The engine may close before all of a body that it refuses is written.
    });
    socket.write(`${[...head, "Host: engine", "Connection: close"].join("\r\n")}\r\n\r\n`);
    socket.write(body);
    let answer = "";
    for await (const chunk of socket) {
      answer += chunk;
      if (/\r\n\r\n.*}/s.test(answer)) break;
    }
    socket.destroy();
    return `${answer.split(" ")[1]} ${/"message":"([^"]*)"/.exec(answer)?.[1]}`;
  }

  test("is asked for every request, however it comes, and sees all of it", async () => {
    plugin = await startExample("read-only-api.ts", join(engine.runRoot, "plugins/read-only.sock"));
    const json = "Content-Type: application/json";
    const privileged = JSON.stringify({ Image: "none", HostConfig: { Privileged: true } });
    const denied = "403 authorization denied by plugin read-only: ";
    const create = "POST /v1.44/containers/create HTTP/1.1";
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const chunked = `${chunk(privileged.slice(0, 9))}${chunk(privileged.slice(9))}0\r\n\r\n`;
    const refused = `${denied}privileged containers are not allowed`;
    expect(await send([create, json, `Content-Length: ${privileged.length}`], privileged)).toBe(refused);
    expect(await send([create, json, "Transfer-Encoding: chunked"], chunked)).toBe(refused);
    for (const type of ["APPLICATION/JSON", " application/json ; charset=utf-8"]) {
      const head = [create, `Content-Type: ${type}`, "Transfer-Encoding: chunked"];
      expect(await send(head, chunked)).toBe(refused);
    }
    // What the plug-in is not shown, nobody reads.
    for (const type of ["text/plain", "application/x-tar", "application/json, text/plain"]) {
      const head = [create, `Content-Type: ${type}`, `Content-Length: ${privileged.length}`];
      expect(await send(head, privileged)).toMatch(/^4(00|15) /);
    }
    expect(await send([create, `Content-Length: ${privileged.length}`], privileged)).toStartWith("400 ");
    const filler = " ".repeat(10 * 1024 * 1024);
    const long = `${chunk(filler)}${chunked}`;
    expect(await send([create, json, "Transfer-Encoding: chunked"], long)).toStartWith("403 ");
    expect(await send([create, json, `Content-Length: ${filler.length}`], filler)).toStartWith("403 ");
    expect(await send([create, json, "Content-Length: 0"])).toStartWith("400 ");
    const upgrade = ["Connection: Upgrade", "Upgrade: tcp"];
    const exec = `POST /v1.44/exec/${"0".repeat(64)}/start HTTP/1.1`;
    const start = '{"Detach":false,"Tty":true}';
    const says = (path: string) => `${denied}POST ${path} changes something`;
    const hijacked = await send([exec, json, `Content-Length: ${start.length}`, ...upgrade], start);
    expect(hijacked).toBe(says(`/exec/${"0".repeat(64)}/start`));
    expect(
      await send([exec, json, "Transfer-Encoding: chunked", ...upgrade], `${chunk(start)}0\r\n\r\n`),
    ).toBe(says(`/exec/${"0".repeat(64)}/start`));
    const h2c = ["Connection: Upgrade", "Upgrade: h2c", "Content-Length: 0"];
    for (const path of ["/grpc", "/session"]) {
      expect(await send([`POST ${path} HTTP/1.1`, ...h2c])).toBe(says(path));
    }
    // Only the credentials of `auth` are kept from plug-ins, and nothing else passes for it.
    for (const path of [
      "/auth/../containers/create",
      "//containers/create",
      "/./containers/create",
      "/v1.44/auth/../containers/create",
    ]) {
      const head = [`POST ${path} HTTP/1.1`, json, `Content-Length: ${privileged.length}`];
      expect(await send(head, privileged)).not.toStartWith("404 No such image");
    }
  });

  test("that hangs, crashes or lies denies", async () => {
    const answers = [
      "hang",
      "reset",
      '{"Allow":"true"}',
      "[]",
      "null",
      "{}",
      '{"Allow":true,"Err":"no"}',
      "\u0000",
    ];
    let answer = "";
    const liar = createServer((request, response) => {
      if (request.url === "/Plugin.Activate") response.end('{"Implements":["authz"]}');
      else if (answer === "reset") request.socket.destroy();
      else if (answer !== "hang") response.end(answer);
    });
    rmSync(join(engine.runRoot, "plugins/read-only.sock"), { force: true });
    liar.listen(join(engine.runRoot, "plugins/read-only.sock"));
    await once(liar, "listening");
    for (answer of answers.slice(2)) {
      const { stderr, code } = await docker(["volume", "ls"]);
      expect([answer, code]).toEqual([answer, 1]);
      expect(stderr).toMatch(/plugin read-only failed with error|authorization denied by plugin read-only/);
    }
    answer = "hang";
    const stuck = send(["GET /v1.44/volumes HTTP/1.1"]);
    await once(liar, "request");
    answer = '{"Allow":false,"Msg":"late"}';
    liar.closeAllConnections();
    expect(await stuck).toBe("403 authorization denied by plugin read-only: late");
    liar.close();
  });
});
