import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect } from "node:tls";
import { promisify } from "node:util";
import { silentLogger } from "../../base/logger.ts";
import { createApiServer, type HttpApi } from "../mod.ts";
import { FakeSession, fakeBackends } from "../testing/fakes.ts";
import { RawClient } from "../testing/server.ts";

const run = promisify(execFile);
let directory: string;
let api: HttpApi;
let port: number;
const session = new FakeSession(true);
const pem = (name: string) => readFile(join(directory, name), "utf8");

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "gantry-tls-"));
  // One certificate is its own authority, the server's and the client's: what matters is who shows it.
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"];
  await run("openssl", ["req", "-x509", ...key, "-out", "cert.pem", "-days", "2", ...subject], {
    cwd: directory,
  });
  api = createApiServer({
    backends: fakeBackends({ containers: { attach: async () => session } }),
    logger: silentLogger,
    engineVersion: "0",
    cgroupV2: true,
    tls: {
      certificate: await pem("cert.pem"),
      key: await pem("key.pem"),
      clientAuthorities: await pem("cert.pem"),
    },
  });
  port = Number((await api.listen("tcp://0.0.0.0:0")).split(":").at(-1));
});
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true });
});

async function dial(options: ConnectionOptions): Promise<RawClient> {
  const ca = await pem("cert.pem");
  const socket = connect({ host: "127.0.0.1", port, ca, servername: "localhost", ...options });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  return new RawClient(socket);
}

test("a client with a certificate is served and may take its connection over", async () => {
  using client = await dial({ cert: await pem("cert.pem"), key: await pem("key.pem") });
  client.send("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
  await client.until("OK");
  client.send(
    "POST /containers/x/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\ntyped",
  );
  session.say("output");
  await client.until("output");
  session.output.end();
  await client.untilEnd();
  expect(session.input).toBe("typed");
});

test("a client without one is not", async () => {
  let answer = "";
  try {
    using client = await dial({});
    client.send("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    answer = await client.untilEnd();
  } catch {
    // TLS 1.2 refuses in the handshake, TLS 1.3 behind it: either way nothing is answered.
  }
  expect(answer).toBe("");
});
