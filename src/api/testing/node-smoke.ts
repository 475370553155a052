/** The API's main paths on whatever runtime runs this file: exits with 0 where all of them work. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../base/logger.ts";
import { createApiServer } from "../mod.ts";
import { FakeSession, fakeBackends } from "./fakes.ts";
import { RawClient } from "./server.ts";

const session = new FakeSession(true);
let uploaded = 0;
const api = createApiServer({
  backends: fakeBackends({
    containers: {
      list: async () => [],
      attach: async () => session,
      putArchive: async (_name, _path, tar) => {
        for await (const chunk of tar) uploaded += chunk.length;
      },
    },
    exec: {
      checkStart: async () => {},
      startAttached: async () => session,
    },
  }),
  logger: silentLogger,
  engineVersion: "0",
  cgroupV2: true,
});
const directory = await mkdtemp(join(tmpdir(), "gantry-smoke-"));
const path = join(directory, "api.sock");
await api.listen(`unix://${path}`);

using client = new RawClient(connect({ path, allowHalfOpen: true }));
client.send("GET /v1.44/containers/json HTTP/1.1\r\nHost: x\r\n\r\n");
assert.match(await client.until("[]\n"), /^HTTP\/1\.1 200 OK\r\nApi-Version: 1\.55\r\n/);
client.send("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
await client.until('{"message":"page not found"}\n');
const size = 8 * 1024 * 1024;
client.send(`PUT /containers/x/archive?path=/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
client.socket.write(Buffer.alloc(size));
await client.until("Content-Length: 0\r\n");
assert.equal(uploaded, size);
const body = '{"Tty":true}';
client.send(
  `POST /exec/e/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n${body}typed`,
);
session.say("hello");
await client.until("hello");
client.socket.end();
await session.stdinClosed.promise;
assert.equal(session.input, "typed");
session.output.end();
await client.untilEnd();

using old = new RawClient(connect({ path, allowHalfOpen: true }));
old.send("POST /containers/x/attach?stream=1&stdin=1 HTTP/1.1\r\nHost: x\r\n\r\nraw");
await old.until("raw-stream\r\n\r\n");
old.socket.end();
await old.untilEnd();
assert.equal(session.input, "typedraw");

await api.close();
await rm(directory, { recursive: true });
