import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { dockerProgram } from "../../../test/fixtures/docker-cli.ts";
import { notFound } from "../../base/errors.ts";
import type { ContainerInspectResponse, ExecInspectResponse } from "../../spec/engine-api/mod.ts";
import { FakeSession, iterate } from "./fakes.ts";
import { TestServer } from "./server.ts";

describe("docker's own command line", () => {
  let server: TestServer;
  beforeAll(async () => {
    const container = {
      Id: "c1",
      Name: "/web",
      State: { Running: true },
      Config: { OpenStdin: true },
      HostConfig: {},
      NetworkSettings: {},
    } as unknown as ContainerInspectResponse;
    server = await TestServer.start({
      system: {
        version: async () => ({
          Version: "9.9.9",
          GitCommit: "",
          GoVersion: "",
          Os: "linux",
          Arch: "amd64",
          Components: [
            { Name: "Engine", Version: "9.9.9", Details: { ApiVersion: "1.55", MinAPIVersion: "1.24" } },
          ],
        }),
      },
      containers: {
        list: async () => [],
        inspect: async (name) => {
          if (name === "web") return container;
          throw notFound(`No such container: ${name}`);
        },
        attach: async (_name, options) => {
          const session = new FakeSession(false);
          const write = session.write.bind(session);
          session.write = async (bytes) => {
            await write(bytes);
            session.say(`echo ${Buffer.from(bytes)}`);
          };
          session.closeStdin = async () => session.output.end();
          if (!options.stdin) session.output.end();
          return session;
        },
        wait: async () => ({ result: Promise.resolve({ StatusCode: 0 }) }),
        logs: async () => ({
          tty: false,
          groups: iterate([
            [
              { timeNs: 1n, stream: "stdout", bytes: Buffer.from("to stdout\n"), partial: false },
              { timeNs: 2n, stream: "stderr", bytes: Buffer.from("to stderr\n"), partial: false },
            ],
          ]),
        }),
      },
      exec: {
        create: async () => ({ id: "e1" }),
        inspect: async (id) => ({ ID: id, ExitCode: 7, Running: false }) as ExecInspectResponse,
        checkStart: async () => {},
        startAttached: async () => {
          const session = new FakeSession(false);
          session.say("from exec\n");
          session.output.end();
          return session;
        },
        startDetached: async () => {},
      },
      images: {
        pull: async () => iterate([{ status: "Pulling from library/x", id: "latest" }, { status: "Done" }]),
      },
    });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function run(args: readonly string[], input?: string, env: Record<string, string> = {}) {
    const child = spawn(dockerProgram, ["-H", `unix://${server.socketPath}`, ...args], {
      env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.end(input ?? "");
    const [stdout, stderr, code] = await Promise.all([
      Array.fromAsync(child.stdout).then((chunks) => Buffer.concat(chunks).toString()),
      Array.fromAsync(child.stderr).then((chunks) => Buffer.concat(chunks).toString()),
      new Promise<number | null>((resolve) => {
        child.on("exit", resolve);
      }),
    ]);
    return { stdout, stderr, code };
  }

  test("version", async () => {
    const { stdout, code } = await run([
      "version",
      "--format",
      "{{.Server.Version}} {{.Server.MinAPIVersion}}",
    ]);
    expect([stdout, code]).toEqual(["9.9.9 1.24\n", 0]);
  });

  test("a client that is too old or too new is told so", async () => {
    const old = await run(["ps"], undefined, { DOCKER_API_VERSION: "1.12" });
    expect([old.code, old.stderr]).toEqual([
      1,
      "Error response from daemon: client version 1.12 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n",
    ]);
    const young = await run(["ps"], undefined, { DOCKER_API_VERSION: "1.99" });
    expect(young.stderr).toContain("client version 1.99 is too new. Maximum supported API version is 1.55");
  });

  test("ps and a container that is not there", async () => {
    expect((await run(["ps", "-q"])).code).toBe(0);
    const missing = await run(["inspect", "--type", "container", "nobody"]);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      "Error response from daemon: No such container: nobody\n",
    ]);
  });

  test("attach with input", async () => {
    const { stdout, code } = await run(["attach", "web"], "hello\n");
    expect([stdout, code]).toEqual(["echo hello\n", 0]);
  });

  test("exec", async () => {
    expect(await run(["exec", "web", "true"])).toEqual({ stdout: "from exec\n", stderr: "", code: 7 });
    expect((await run(["exec", "-d", "web", "true"])).code).toBe(0);
  });

  test("logs are split", async () => {
    expect(await run(["logs", "web"])).toEqual({ stdout: "to stdout\n", stderr: "to stderr\n", code: 0 });
  });

  test("pull", async () => {
    const { stdout, code } = await run(["pull", "x"]);
    expect([stdout, code]).toEqual([
      "Using default tag: latest\nlatest: Pulling from library/x\nDone\ndocker.io/library/x:latest\n",
      0,
    ]);
  });
});
