import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { TEST_IMAGE, useEngine } from "../api/harness.ts";
import { hasDockerCli } from "../fixtures/docker-cli.ts";
import { findProgram } from "../fixtures/programs.ts";
import { startRegistry } from "../fixtures/registry.ts";
import { expectResidue, takeResidue } from "./residue.ts";
import { untilTrue } from "./until.ts";

const TIMEOUT_MS = 90_000;
const IN_A_ROW = 60;
const AT_ONCE = 20;
const CLIENTS = 200;
/** What an engine may have more of after all this: caches and pools that are filled once. */
const MAX_GROWTH_BYTES = 48 * 1024 * 1024;

describe.skipIf(!hasDockerCli)("the daemon is as before", () => {
  const harness = useEngine();

  /** Descriptors by what they are of: numbers of sockets and pipes differ from time to time. */
  const descriptors = (): string[] => {
    const folder = `/proc/${harness.engine.pid()}/fd`;
    return readdirSync(folder)
      .flatMap((fd) => {
        try {
          return [readlinkSync(`${folder}/${fd}`).replace(/\[\d+\]/, "")];
        } catch {
          // It was closed between the listing and the look.
          return [];
        }
      })
      .sort();
  };
  const residentBytes = (): number => {
    const status = readFileSync(`/proc/${harness.engine.pid()}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  };
  const threads = (): number => readdirSync(`/proc/${harness.engine.pid()}/task`).length;
  const run = () => harness.docker(["run", "--rm", TEST_IMAGE, "echo", "hello"]);

  /** Descriptors and residue come to be as they were; what belongs to the last requests may take a moment to go. */
  const watch = async (): Promise<() => Promise<void>> => {
    const before = descriptors();
    const residue = await takeResidue(harness.engine);
    return async () => {
      await untilTrue(() => descriptors().length <= before.length).catch(() => {
        expect(descriptors()).toEqual(before);
      });
      await expectResidue(harness.engine, residue);
    };
  };

  test(
    `after ${IN_A_ROW} containers in a row and ${AT_ONCE} at once`,
    async () => {
      // Fills what is filled once: prepared statements, threads, the memory of events.
      await Promise.all(Array.from({ length: AT_ONCE }, run));
      const asBefore = await watch();
      const before = { bytes: residentBytes(), threads: threads() };
      const expected = { stdout: "hello\n", stderr: "", code: 0 };
      for (let turn = 0; turn < IN_A_ROW; turn++) expect(await run()).toEqual(expected);
      for (const result of await Promise.all(Array.from({ length: AT_ONCE }, run))) {
        expect(result).toEqual(expected);
      }
      await asBefore();
      expect(threads()).toBeLessThanOrEqual(before.threads);
      expect(residentBytes() - before.bytes).toBeLessThan(MAX_GROWTH_BYTES);
    },
    TIMEOUT_MS,
  );

  describe(`after ${CLIENTS} clients vanished in the middle of`, () => {
    const sockets = new Set<Socket>();
    afterEach(() => {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    });

    /** Sends a request and resolves with the connection once the first bytes of the answer are there. */
    const ask = async (request: string): Promise<Socket> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const socket = connect(harness.engine.socketPath);
      sockets.add(socket);
      socket
        .once("error", reject)
        .once("data", () => resolve())
        .once("close", () => reject(new Error("closed")));
      socket.write(request);
      await promise;
      return socket;
    };
    const get = (path: string) => `GET /v1.47${path} HTTP/1.1\r\nHost: gantry\r\n\r\n`;
    const upgrade = (path: string, body = "") =>
      `POST /v1.47${path} HTTP/1.1\r\nHost: gantry\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

    const vanish = async (requests: (index: number) => string): Promise<void> => {
      const asBefore = await watch();
      const open = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => ask(requests(index))));
      // Each client holds at least its connection.
      expect(descriptors().filter((name) => name === "socket:").length).toBeGreaterThanOrEqual(CLIENTS);
      for (const socket of open) socket.resetAndDestroy();
      await asBefore();
    };

    test(
      "attach, logs, wait and events",
      async () => {
        const { docker } = harness;
        await docker(["run", "--detach", "-i", "--name", "talker", TEST_IMAGE, "ping", "127.0.0.1"]);
        await docker(["run", "--detach", "-i", "--name", "listener", TEST_IMAGE, "cat"]);
        const kinds = [
          upgrade("/containers/talker/attach?stream=1&stdout=1"),
          upgrade("/containers/talker/attach?stream=1&stdin=1&stdout=1"),
          get("/containers/talker/logs?follow=1&stdout=1"),
          get("/containers/listener/wait"),
          get("/events"),
          get("/containers/talker/stats"),
        ];
        kinds[3] = kinds[3]!.replace("GET", "POST");
        try {
          await vanish((index) => kinds[index % kinds.length]!);
          // Both had their stdin in the hands of clients that went, and go on.
          for (const name of ["talker", "listener"]) {
            expect((await docker(["exec", name, "echo", "in"])).stdout).toBe("in\n");
          }
        } finally {
          await docker(["rm", "--force", "talker", "listener"]);
        }
      },
      TIMEOUT_MS,
    );

    test.skipIf(findProgram("docker-registry") === undefined)(
      "pull",
      async () => {
        await using registry = await startRegistry();
        const asBefore = await watch();
        const path = (index: number) =>
          `/images/create?fromImage=${registry.address}/missing/image-${index}&tag=1`;
        for (let index = 0; index < CLIENTS; index++) {
          const socket = connect(harness.engine.socketPath);
          sockets.add(socket);
          socket.on("error", () => {
            // The connection was cut by this very test.
          });
          const { promise, resolve } = Promise.withResolvers<void>();
          socket.write(get(path(index)).replace("GET", "POST"), () => resolve());
          await promise;
          socket.resetAndDestroy();
        }
        await asBefore();
      },
      TIMEOUT_MS,
    );
  });
});
