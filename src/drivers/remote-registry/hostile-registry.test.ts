import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { digestOf } from "../../base/digest.ts";
import { OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import { parseNormalized } from "../../spec/reference/reference.ts";
import { testSettings } from "./docker-registry.fixture.ts";
import { RegistryRemotes } from "./registry-remotes.ts";
import type { RegistrySettings } from "./settings.ts";

const servers: Server[] = [];

/** A server on loopback; its port. */
async function serve(handler: RequestListener): Promise<number> {
  const server = createServer(handler);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function open(host: string, settings: Partial<RegistrySettings> = {}) {
  const remotes = new RegistryRemotes({ ...testSettings, ...settings });
  const reference = parseNormalized(`${host}/x:latest`);
  return { remotes, reference, remote: remotes.open(reference, {}) };
}

const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error) => error.message,
  );

test("a name may go without TLS where all its addresses are in a network that was named, and is dialled there", async () => {
  const port = await serve((request, response) => {
    if (request.url === "/v2/") response.end("{}");
    else response.writeHead(200, { "content-type": OCI_MANIFEST }).end("{}");
  });
  const settings = { insecureRegistries: ["127.0.0.0/8"], attempts: 1 };
  let addresses = ["127.0.0.1"];
  const resolve = async () => addresses;
  const inside = open(`reg.test:${port}`, { ...settings, resolve });
  expect((await inside.remote.resolve(inside.reference)).descriptor.size).toBe(2);
  // A resolver that changes its mind does not change where the open registry is.
  addresses = ["192.0.2.1"];
  expect((await inside.remote.resolve(inside.reference)).descriptor.size).toBe(2);
  for (addresses of [["127.0.0.1", "192.0.2.1"], []]) {
    const outside = open(`reg.test:${port}`, { ...settings, resolve });
    const message = await messageOf(outside.remote.resolve(outside.reference));
    expect(message).toStartWith(`Get "https://reg.test:${port}/v2/"`);
  }
});

test("a registry that refuses every token is asked a few times, not for ever", async () => {
  const asked: string[] = [];
  const port = await serve((request, response) => {
    asked.push(request.url!);
    if (request.url!.startsWith("/token")) return void response.end('{"token":"t"}');
    const challenge = `Bearer realm="http://localhost:${port}/token",service="s"`;
    return void response.writeHead(401, { "www-authenticate": challenge }).end();
  });
  const { remote, reference } = open(`localhost:${port}`);
  expect(await messageOf(remote.resolve(reference))).toContain("authentication required");
  expect(asked.length).toBeLessThan(8);
});

test("a token server that answers nonsense is told of", async () => {
  for (const answer of ["<html>Log in</html>", "[]", '{"token":5}', "{}"]) {
    const port = await serve((request, response) => {
      if (request.url!.startsWith("/token")) return void response.end(answer);
      const challenge = `Bearer realm="http://localhost:${port}/token",service="s"`;
      return void response.writeHead(401, { "www-authenticate": challenge }).end();
    });
    const { remote, reference } = open(`localhost:${port}`);
    expect(await messageOf(remote.resolve(reference))).toMatch(/token/);
  }
});

test("a registry that wants a longer wait than anybody has is an error, at once", async () => {
  let asked = 0;
  const port = await serve((request, response) => {
    if (request.url === "/v2/") return void response.end("{}");
    asked++;
    return void response.writeHead(429, { "retry-after": "86400" }).end();
  });
  const { remote, reference } = open(`localhost:${port}`);
  expect(await messageOf(remote.resolve(reference))).toBe("toomanyrequests: too many requests");
  expect(asked).toBe(1);
});

test("a wait that was asked for is kept", async () => {
  const times: number[] = [];
  const port = await serve((request, response) => {
    if (request.url === "/v2/") return void response.end("{}");
    times.push(performance.now());
    if (times.length === 1) return void response.writeHead(503, { "retry-after": "1" }).end();
    return void response.writeHead(200, { "content-type": OCI_INDEX }).end("{}");
  });
  const { remote, reference } = open(`localhost:${port}`);
  await remote.resolve(reference);
  expect(times[1]! - times[0]!).toBeGreaterThan(950);
});

test("an answer that never ends takes no memory and an end", async () => {
  const port = await serve((request, response) => {
    if (request.url === "/v2/") return void response.end("{}");
    response.writeHead(200, { "content-type": OCI_MANIFEST });
    const more = () => {
      while (response.write(Buffer.alloc(65_536, 0x20))) if (response.destroyed) return;
    };
    response.on("drain", more);
    more();
  });
  const { remote, reference } = open(`localhost:${port}`);
  expect(await messageOf(remote.resolve(reference))).toContain("larger than 4194304 bytes");
});

test("other addresses that a descriptor names are never asked", async () => {
  const elsewhere: string[] = [];
  const other = await serve((request, response) => {
    elsewhere.push(request.url!);
    response.end();
  });
  const port = await serve((request, response) => {
    if (request.url === "/v2/") return void response.end("{}");
    return void response.writeHead(404).end();
  });
  const { remote } = open(`localhost:${port}`);
  const bytes = Buffer.from("layer");
  const urls = [`http://127.0.0.1:${other}/layer`];
  const foreign = { mediaType: OCI_LAYER, digest: digestOf(bytes), size: bytes.byteLength, urls };
  expect(await messageOf(remote.fetchBlob(foreign, 0))).toContain("not found");
  expect(elsewhere).toEqual([]);
});
