import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { digestOf } from "../../base/digest.ts";
import { EngineError } from "../../base/errors.ts";
import type { RegistryCredentials } from "../../core/remotes/remote.ts";
import { OCI_LAYER, OCI_MANIFEST } from "../../spec/oci-image/media-types.ts";
import { parseNormalized } from "../../spec/reference/reference.ts";
import { startDockerRegistry, testSettings } from "./docker-registry.fixture.ts";
import { RegistryRemotes } from "./registry-remotes.ts";
import type { RegistrySettings } from "./settings.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];

/** A server that answers `/v2/` and leaves the rest to `handler`; its `host:port`. */
async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === "/v2/") response.end("{}");
    else handler(request, response);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `localhost:${(server.address() as { port: number }).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function open(
  host: string,
  options: { credentials?: RegistryCredentials; settings?: Partial<RegistrySettings> } = {},
) {
  const remotes = new RegistryRemotes({ ...testSettings, ...options.settings });
  const reference = parseNormalized(`${host}/x:latest`);
  const { credentials } = options;
  return { reference, remote: remotes.open(reference, credentials ? { credentials } : {}) };
}

const blob = Buffer.from("0123456789".repeat(10_000));
const descriptor = { mediaType: OCI_LAYER, digest: digestOf(blob), size: blob.byteLength };

async function read(part: Promise<{ bytes: AsyncIterable<Uint8Array> }>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await part).bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function failureOf(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.then(
    () => undefined,
    (failure) => failure,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

test("a connection cut in the middle of a blob is taken up where it broke", async () => {
  const ranges: Array<string | undefined> = [];
  const host = await serve((request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const headers = { "content-length": blob.byteLength - start };
    const partial = {
      ...headers,
      "content-range": `bytes ${start}-${blob.byteLength - 1}/${blob.byteLength}`,
    };
    response.writeHead(start > 0 ? 206 : 200, start > 0 ? partial : headers);
    if (start > 60_000) response.end(blob.subarray(start));
    else
      response.write(blob.subarray(start, start + 35_000), () =>
        setImmediate(() => request.socket.destroy()),
      );
  });
  const received = await read(open(host).remote.fetchBlob(descriptor, 0));
  expect(digestOf(received)).toBe(descriptor.digest);
  expect(ranges).toEqual([undefined, "bytes=35000-", "bytes=70000-"]);
});

test("a registry without ranges starts over, and what is known is skipped", async () => {
  let requests = 0;
  const host = await serve((request, response) => {
    response.writeHead(200, { "content-length": blob.byteLength });
    if (++requests > 1) response.end(blob);
    else response.write(blob.subarray(0, 35_000), () => setImmediate(() => request.socket.destroy()));
  });
  const received = await read(open(host).remote.fetchBlob(descriptor, 0));
  expect(digestOf(received)).toBe(descriptor.digest);
  expect(requests).toBe(2);
});

test("a transfer that stands still is given up and taken up again", async () => {
  let requests = 0;
  const host = await serve((_request, response) => {
    if (++requests > 1) return response.writeHead(200, { "content-length": blob.byteLength }).end(blob);
    return response.writeHead(200, { "content-length": blob.byteLength }).write(blob.subarray(0, 10));
  });
  const { remote } = open(host, { settings: { stallTimeoutMs: 100 } });
  expect(digestOf(await read(remote.fetchBlob(descriptor, 0)))).toBe(descriptor.digest);
});

test("more bytes than announced are refused", async () => {
  const host = await serve((_request, response) => response.end(Buffer.concat([blob, blob])));
  expect((await failureOf(read(open(host).remote.fetchBlob(descriptor, 0)))).message).toContain(
    "sends more than",
  );
});

test("credentials do not follow a redirect to another host", async () => {
  const seen: Array<string | undefined> = [];
  const storage = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end(blob);
  });
  const host = await serve((request, response) => {
    if (!request.headers.authorization) {
      return response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    }
    seen.push(request.headers.authorization);
    return response.writeHead(307, { location: `http://${storage}/blob?signature=1` }).end();
  });
  const { remote } = open(host, { credentials: { username: "me", password: "secret" } });
  expect((await read(remote.fetchBlob(descriptor, 0))).byteLength).toBe(blob.byteLength);
  expect(seen).toEqual([`Basic ${Buffer.from("me:secret").toString("base64")}`, undefined]);
});

test("endless redirects, web pages and wrong digests are errors", async () => {
  const host = await serve((request, response) => {
    if (request.url!.includes("/manifests/loop"))
      return response.writeHead(302, { location: request.url }).end();
    if (request.url!.includes("/manifests/page")) {
      return response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>");
    }
    if (request.url!.includes("/manifests/big")) {
      return response.writeHead(200, { "content-type": OCI_MANIFEST }).end(Buffer.alloc(5 * 1024 * 1024));
    }
    return response
      .writeHead(200, { "content-type": OCI_MANIFEST, "docker-content-digest": digestOf("other") })
      .end("{}");
  });
  const { remote, reference } = open(host);
  const resolve = async (tag: string) => (await failureOf(remote.resolve({ ...reference, tag }))).message;
  expect(await resolve("loop")).toContain("stopped after 10 redirects");
  expect(await resolve("page")).toContain('unexpected media type "text/html"');
  expect(await resolve("big")).toContain("larger than 4194304 bytes");
  expect(await resolve("latest")).toBe(`manifest verification failed for digest ${digestOf("other")}`);
});

test("a busy registry is asked again, after the wait it wants", async () => {
  let requests = 0;
  const host = await serve((_request, response) => {
    requests++;
    if (requests === 1) return response.writeHead(429, { "retry-after": "0" }).end();
    if (requests === 2) return response.writeHead(503).end();
    return response.writeHead(200, { "content-type": OCI_MANIFEST }).end("{}");
  });
  const { remote, reference } = open(host);
  expect((await remote.resolve(reference)).descriptor.size).toBe(2);
  expect(requests).toBe(3);
  const busy = await serve((_request, response) => response.writeHead(429).end());
  const failure = await failureOf(open(busy).remote.resolve(reference));
  expect(failure.message).toBe("toomanyrequests: too many requests");
});

test("tokens are fetched once for each scope; an identity token is exchanged by POST", async () => {
  const asked: string[] = [];
  const handler: Handler = (request, response) => {
    if (request.url!.startsWith("/token")) {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        asked.push(`${request.method} ${request.url} ${body}`);
        response.end(JSON.stringify({ token: "t1", expires_in: 300 }));
      });
    } else if (request.headers.authorization === "Bearer t1") {
      response.writeHead(200, { "content-type": OCI_MANIFEST }).end("{}");
    } else {
      const realm = `http://${request.headers.host}/token`;
      const challenge = `Bearer realm="${realm}",service="reg",scope="repository:x:pull"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
    }
  };
  const host = await serve(handler);
  const first = open(host);
  await first.remote.resolve(first.reference);
  await first.remote.resolve(first.reference);
  expect(asked).toEqual(["GET /token?service=reg&scope=repository%3Ax%3Apull "]);
  const second = open(host, { credentials: { identityToken: "refresh" } });
  await second.remote.resolve(second.reference);
  expect(asked[1]).toBe(
    "POST /token grant_type=refresh_token&service=reg&client_id=docker&refresh_token=refresh&scope=repository%3Ax%3Apull",
  );
});

test("denied, unreachable and unknown registries are told in docker's words", async () => {
  const host = await serve((_request, response) =>
    response
      .writeHead(403)
      .end('{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'),
  );
  const { remote, reference } = open(host);
  expect((await failureOf(remote.resolve(reference))).message).toBe(
    `pull access denied for ${host}/x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
  );
  const closed = open("localhost:1");
  expect((await failureOf(closed.remote.resolve(closed.reference))).message).toBe(
    'Get "http://localhost:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
  );
  const unknown = open("no-such-host.invalid");
  expect((await failureOf(unknown.remote.resolve(unknown.reference))).message).toBe(
    'Get "https://no-such-host.invalid/v2/": dial tcp: lookup no-such-host.invalid: no such host',
  );
});

test("mirrors serve docker.io, and credentials are kept from them", async () => {
  const seen: Array<string | undefined> = [];
  const mirror = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(200, { "content-type": OCI_MANIFEST }).end("{}");
  });
  const remotes = new RegistryRemotes({ ...testSettings, mirrors: [`http://${mirror}`] });
  const reference = parseNormalized("busybox:latest");
  const remote = remotes.open(reference, { credentials: { username: "me", password: "secret" } });
  expect((await remote.resolve(reference)).descriptor.mediaType).toBe(OCI_MANIFEST);
  expect(seen).toEqual([undefined]);
});

test("what is opened after a change of settings follows it", async () => {
  const mirror = await serve((_request, response) => {
    response.writeHead(200, { "content-type": OCI_MANIFEST }).end("{}");
  });
  const remotes = new RegistryRemotes({ ...testSettings, mirrors: [`http://${mirror}`], attempts: 1 });
  const reference = parseNormalized("busybox:latest");
  await remotes.open(reference, {}).resolve(reference);
  remotes.configure({ mirrors: [], environment: { HTTPS_PROXY: "http://localhost:1" } });
  expect(remotes.mirrors).toEqual([]);
  const failure = await failureOf(remotes.open(reference, {}).resolve(reference));
  expect(failure.message).toContain("registry-1.docker.io");
});

test("plain requests go through the proxy that the environment names", async () => {
  const asked: string[] = [];
  const proxy = await serve((request, response) => {
    asked.push(request.url!);
    response.writeHead(200, { "content-type": OCI_MANIFEST }).end("{}");
  });
  const settings = { environment: { HTTP_PROXY: `http://${proxy}` }, insecureRegistries: ["reg.test"] };
  const remotes = new RegistryRemotes({ ...testSettings, ...settings, attempts: 1 });
  const reference = parseNormalized("reg.test/x:latest");
  await remotes.open(reference, {}).resolve(reference);
  expect(asked).toEqual(["http://reg.test/v2/", "http://reg.test/v2/x/manifests/latest"]);
});

test("an aborted signal ends a request that hangs", async () => {
  const host = await serve(() => undefined);
  const controller = new AbortController();
  const reference = parseNormalized(`${host}/x:latest`);
  const remote = new RegistryRemotes(testSettings).open(reference, { signal: controller.signal });
  setImmediate(() => controller.abort());
  expect((await failureOf(remote.resolve(reference))).kind).toBe("canceled");
});

test("docker-registry: a large blob, tags, login", async () => {
  const htpasswd = `me:${await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 })}\n`;
  await using registry = await startDockerRegistry({ htpasswd });
  const credentials = { username: "me", password: "secret" };
  const { remote } = open(registry.host, { credentials });
  const large = Buffer.alloc(5 * 1024 * 1024, 7);
  const target = { mediaType: OCI_LAYER, digest: digestOf(large), size: large.byteLength };
  await remote.pushBlob(target, async function* () {
    for (let at = 0; at < large.byteLength; at += 65_536) yield large.subarray(at, at + 65_536);
  });
  expect(await remote.hasBlob(target.digest)).toBe(true);
  expect(digestOf(await read(remote.fetchBlob(target, 0)))).toBe(target.digest);
  const rest = await remote.fetchBlob(target, 1000);
  expect(rest.startOffsetBytes).toBe(1000);
  const config = Buffer.from("{}");
  const configDescriptor = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    digest: digestOf(config),
    size: 2,
  };
  await remote.pushBlob(configDescriptor, async function* () {
    yield config;
  });
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: configDescriptor, layers: [target] }),
  );
  for (const tag of ["a", "b"])
    expect(await remote.pushManifest(manifest, OCI_MANIFEST, tag)).toBe(digestOf(manifest));
  expect((await remote.listTags()).sort()).toEqual(["a", "b"]);
  const remotes = new RegistryRemotes(testSettings);
  expect(await remotes.login(registry.host, credentials)).toEqual({ identityToken: "" });
  const failure = await failureOf(remotes.login(registry.host, { username: "me", password: "no" }));
  expect(failure.kind).toBe("unauthenticated");
});

test("an upload that breaks goes on where the registry says it stopped", async () => {
  const large = Buffer.alloc(3 * 1024 * 1024, 5);
  const stored: Buffer[] = [];
  const size = () => stored.reduce((sum, part) => sum + part.byteLength, 0);
  const asked: string[] = [];
  const host = await serve((request, response) => {
    asked.push(`${request.method} ${request.headers["content-range"] ?? ""}`.trim());
    const location = { location: "/v2/x/blobs/uploads/1" };
    if (request.method !== "PATCH") {
      request.resume();
      if (request.method === "PUT") return response.writeHead(201).end();
      const range = request.method === "GET" ? { range: `0-${size() - 1}` } : {};
      return response.writeHead(request.method === "GET" ? 204 : 202, { ...location, ...range }).end();
    }
    const breaks = stored.length === 0;
    request.on("data", (chunk: Buffer) => {
      if (breaks && size() + chunk.byteLength > 1_000_000) return request.socket.destroy();
      return stored.push(chunk);
    });
    request.on("end", () => response.writeHead(202, location).end());
    return undefined;
  });
  const target = { mediaType: OCI_LAYER, digest: digestOf(large), size: large.byteLength };
  const waits: number[] = [];
  const parts = async function* () {
    for (let at = 0; at < large.byteLength; at += 65_536) yield large.subarray(at, at + 65_536);
  };
  await open(host).remote.pushBlob(target, parts, (secondsLeft) => waits.push(secondsLeft));
  expect(waits).toEqual([1]);
  expect(digestOf(Buffer.concat(stored))).toBe(target.digest);
  expect(asked.map((line) => line.split(" ")[0]!)).toEqual(["POST", "PATCH", "GET", "PATCH", "PUT"]);
  expect(asked[3]).toMatch(new RegExp(`^PATCH \\d+-${large.byteLength - 1}$`));
});

test("a search index is asked; what it answers is checked", async () => {
  const asked: string[] = [];
  const host = await serve((request, response) => {
    if (request.url === "/v2/") return void response.end("{}");
    asked.push(request.url!);
    const results = [
      { name: "a/b", description: 5, is_official: true, star_count: 7 },
      null,
      { description: "x" },
    ];
    response.end(JSON.stringify({ results }));
  });
  const remotes = new RegistryRemotes(testSettings);
  expect(await remotes.search(`${host}/busy box`, { limit: 0 })).toEqual([
    { name: "a/b", description: "", is_official: true, is_automated: false, star_count: 7 },
  ]);
  expect(asked).toEqual(["/v1/search?q=busy+box&n=25"]);
  await expect(remotes.search("x", { limit: 101 })).rejects.toThrow(
    "limit 101 is outside the range of [1, 100]",
  );
});

test("a registry without a search index is searched by its catalog, page by page", async () => {
  const host = await serve((request, response) => {
    if (request.url === "/v2/") return void response.end("{}");
    if (request.url === "/v2/_catalog?n=1000") {
      response.setHeader("link", '</v2/_catalog?n=1000&last=b>; rel="next"');
      return void response.end(JSON.stringify({ repositories: ["team/alpine", "team/bash"] }));
    }
    if (request.url === "/v2/_catalog?n=1000&last=b") {
      return void response.end(JSON.stringify({ repositories: ["x/alpine-small", "y/alpine"] }));
    }
    response.writeHead(404).end();
  });
  const remotes = new RegistryRemotes(testSettings);
  const names = (await remotes.search(`${host}/Alpine`, { limit: 2 })).map(({ name }) => name);
  expect(names).toEqual(["team/alpine", "x/alpine-small"]);
});
