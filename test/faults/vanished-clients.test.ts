import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { TEST_IMAGE, useEngine } from "../api/harness.ts";
import { descriptorsOf, residentBytesOf, threadsOf, watchDaemon } from "./daemon-meters.ts";
import { untilTrue } from "./until.ts";

const TIMEOUT_MS = 90_000;
const CLIENTS_A_ROUND = 200;
const ROUNDS = 5;
const ARCHIVE_CLIENTS = 50;
const EXECS = 20;
/** Fewer than the engine opens connections to one registry. */
const PULLS = 30;
/** What an engine may have more of after all this: caches that are filled once, and what the collector has not come to. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

const get = (path: string) => `GET /v1.47${path} HTTP/1.1\r\nHost: gantry\r\n\r\n`;
const post = (path: string) => `POST /v1.47${path} HTTP/1.1\r\nHost: gantry\r\nContent-Length: 0\r\n\r\n`;
const upgrade = (path: string, body = "") =>
  `POST /v1.47${path} HTTP/1.1\r\nHost: gantry\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const webSocket = (path: string) =>
  `GET /v1.47${path} HTTP/1.1\r\nHost: gantry\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** Every stream there is, of a container that talks all the time, ones that say nothing, and one that never ran. */
const STREAMS = [
  upgrade("/containers/talker/attach?stream=1&stdout=1"),
  upgrade("/containers/talker/attach?stream=1&stdin=1&stdout=1"),
  upgrade("/containers/listener/attach?stream=1&stdout=1&stderr=1"),
  upgrade("/containers/listener/attach?stream=1&stdin=1&stdout=1&stderr=1&logs=1"),
  upgrade("/containers/once/attach?stream=1&stdout=1"),
  upgrade("/containers/created/attach?stream=1&stdout=1"),
  webSocket("/containers/listener/attach/ws?stream=1&stdout=1&stdin=1"),
  get("/containers/talker/logs?follow=1&stdout=1"),
  get("/containers/listener/logs?follow=1&stdout=1&stderr=1"),
  get("/containers/talker/stats"),
  get("/containers/listener/stats"),
  get("/containers/created/stats"),
  get("/events"),
  post("/containers/listener/wait"),
  post("/containers/listener/wait?condition=next-exit"),
  post("/containers/created/wait?condition=removed"),
];
/** Streams that a thread makes each. */
const ARCHIVES = [get("/containers/listener/export"), get("/containers/listener/archive?path=/")];

describe("clients that vanish in the middle of a stream", () => {
  const harness = useEngine();
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  });

  const send = (request: string): Socket => {
    const socket = connect(harness.engine.socketPath);
    sockets.add(socket);
    socket.on("error", () => {
      // Either side is cut on purpose.
    });
    socket.write(request);
    return socket;
  };

  /** Sends a request and resolves with the connection once the first bytes of the answer are there. */
  const ask = async (request: string): Promise<Socket> => {
    const socket = send(request);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("data", () => {
      // A client that is slow before it goes.
      socket.pause();
      resolve();
    });
    socket.once("close", () => reject(new Error("closed")));
    await promise;
    return socket;
  };

  const vanish = (open: readonly Socket[]) => {
    for (const socket of open) {
      socket.resetAndDestroy();
      sockets.delete(socket);
    }
  };

  const withContainers = async (use: () => Promise<void>): Promise<void> => {
    const { docker } = harness;
    const run = ["run", "--detach", "-i", "--network", "none", "--name"];
    await docker([...run, "talker", TEST_IMAGE, "sh", "-c", "while :; do echo output; sleep 0.01; done"]);
    await docker([...run, "listener", TEST_IMAGE, "cat"]);
    // Its stdin ends with its first client that uses it.
    await docker(["create", "-i", "--network", "none", "--name", "once", TEST_IMAGE, "cat"]);
    await docker(["start", "once"]);
    // One connection to it stays, since the end of the last one would be the end of its stdin.
    vanish([await ask(upgrade("/containers/once/attach?stream=1&stdout=1"))]);
    await docker(["create", "--network", "none", "--name", "created", TEST_IMAGE, "cat"]);
    try {
      await use();
    } finally {
      await docker(["rm", "--force", "talker", "listener", "once", "created"]);
    }
  };

  test(
    `${CLIENTS_A_ROUND * ROUNDS} clients of ${STREAMS.length} streams`,
    () =>
      withContainers(async () => {
        const { engine, docker } = harness;
        const round = async () => {
          const asBefore = await watchDaemon(engine);
          const requests = Array.from(
            { length: CLIENTS_A_ROUND },
            (_, index) => STREAMS[index % STREAMS.length]!,
          );
          const open = await Promise.all(requests.map(ask));
          const held = descriptorsOf(engine).filter((name) => name === "socket:").length;
          expect(held).toBeGreaterThanOrEqual(CLIENTS_A_ROUND);
          vanish(open);
          await asBefore();
        };
        // Fills what is filled once.
        await round();
        const before = { bytes: residentBytesOf(engine), threads: threadsOf(engine) };
        for (let turn = 1; turn < ROUNDS; turn++) await round();
        expect(threadsOf(engine)).toBeLessThanOrEqual(before.threads);
        expect(residentBytesOf(engine) - before.bytes).toBeLessThan(MAX_GROWTH_BYTES);
        for (const name of ["talker", "listener", "once"]) {
          expect((await docker(["exec", name, "echo", "in"])).stdout).toBe("in\n");
        }
      }),
    TIMEOUT_MS,
  );

  test(
    `${ARCHIVE_CLIENTS} clients of archives`,
    () =>
      withContainers(async () => {
        const { engine } = harness;
        const round = async () => {
          const requests = Array.from({ length: ARCHIVE_CLIENTS }, (_, index) => ARCHIVES[index % 2]!);
          vanish(await Promise.all(requests.map(ask)));
        };
        // Some threads stay for a while.
        await round();
        const asBefore = await watchDaemon(engine);
        await round();
        await asBefore();
      }),
    TIMEOUT_MS,
  );

  test(
    "clients of execs, whose input ends with them",
    () =>
      withContainers(async () => {
        const { engine } = harness;
        const asBefore = await watchDaemon(engine);
        const open = await Promise.all(
          Array.from({ length: EXECS }, async () => {
            const body = JSON.stringify({ AttachStdin: true, AttachStdout: true, Cmd: ["cat"] });
            const created = await fetch("http://gantry/containers/listener/exec", {
              unix: engine.socketPath,
              method: "POST",
              headers: { "Content-Type": "application/json", Connection: "close" },
              body,
            });
            const { Id } = (await created.json()) as { Id: string };
            return await ask(upgrade(`/exec/${Id}/start`, "{}"));
          }),
        );
        vanish(open);
        await asBefore();
      }),
    TIMEOUT_MS,
  );

  test(
    "clients of pulls from a registry that does not answer",
    async () => {
      const { engine } = harness;
      const asked = new Set<Socket>();
      const registry = createServer((socket) => {
        asked.add(socket.on("close", () => asked.delete(socket)).on("error", () => {}));
        socket.resume();
      });
      await once(registry.listen(0, "127.0.0.1"), "listening");
      try {
        const { port } = registry.address() as AddressInfo;
        const asBefore = await watchDaemon(engine);
        const open = Array.from({ length: PULLS }, (_, index) =>
          send(post(`/images/create?fromImage=127.0.0.1:${port}/image-${index}&tag=1`)),
        );
        await untilTrue(() => asked.size >= PULLS);
        vanish(open);
        await untilTrue(() => asked.size === 0);
        await asBefore();
      } finally {
        for (const socket of asked) socket.destroy();
        registry.close();
      }
    },
    TIMEOUT_MS,
  );
});
