import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isKind } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import { findPlugin, listPlugins } from "./discovery.ts";
import { PluginClient, PluginRefusal } from "./plugin-client.ts";
import { Plugins } from "./plugins.ts";

let folder: string;
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gantry-plugins-"));
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

async function serve(
  path: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
}

const directories = () => ({ sockets: [folder], specifications: [folder] });

function clientOf(path: string, retryForMs = 0): PluginClient {
  return new PluginClient({
    plugin: { name: "p", address: `unix://${path}` },
    retryForMs,
    logger: silentLogger,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const failure = await promise.then(
    () => undefined,
    (error: Error) => error,
  );
  if (!failure) throw new Error("it did not fail");
  return failure;
}

test("plug-ins are found by sockets and specifications, also in folders of their own", async () => {
  await serve(join(folder, "plain.sock"), () => {});
  mkdirSync(join(folder, "nested"));
  await serve(join(folder, "nested/nested.sock"), () => {});
  writeFileSync(join(folder, "text.spec"), "tcp://127.0.0.1:1\n");
  writeFileSync(
    join(folder, "object.json"),
    JSON.stringify({ Addr: "https://example.invalid", TLSConfig: { CAFile: "/ca.pem" } }),
  );
  writeFileSync(join(folder, "wrong.spec"), "nothing");
  writeFileSync(join(folder, "file.sock"), "no socket");
  expect(await listPlugins(directories())).toEqual(["nested", "object", "plain", "text"]);
  expect(await findPlugin(directories(), "object")).toEqual({
    name: "object",
    address: "https://example.invalid",
    tls: { insecureSkipVerify: false, caFile: "/ca.pem" },
  });
  expect(await findPlugin(directories(), "../etc")).toBeUndefined();
  expect((await failureOf(findPlugin(directories(), "wrong"))).message).toContain("Unknown protocol");
});

test("an answer's Err is a refusal, with any status", async () => {
  const path = join(folder, "p.sock");
  await serve(path, (request, response) => {
    const answers: Record<string, [number, string]> = {
      "/A.Ok": [200, '{"Value":1}'],
      "/A.No": [200, '{"Err":"no"}'],
      "/A.Bad": [500, '{"Err":"broken"}'],
      "/A.Old": [404, "not here"],
    };
    const [status, body] = answers[request.url!]!;
    response.writeHead(status).end(body);
  });
  const client = clientOf(path);
  expect(await client.call<{ Value: number; Err?: string }>("A.Ok", {})).toEqual({ Value: 1 });
  for (const [method, message] of [
    ["A.No", "no"],
    ["A.Bad", "A.Bad: broken"],
    ["A.Old", "A.Old: not here"],
  ] as const) {
    const failure = await failureOf(client.call(method, {}));
    expect(failure).toBeInstanceOf(PluginRefusal);
    expect(failure.message).toBe(message);
  }
});

test("one that hangs costs the timeout", async () => {
  const path = join(folder, "p.sock");
  await serve(path, () => {});
  const failure = await failureOf(clientOf(path).call("A.B", {}, { timeoutMs: 50 }));
  expect(isKind(failure, "unavailable")).toBe(true);
  expect(failure.message).toBe('Post "http://plugin.moby.localhost/A.B": context deadline exceeded');
});

test("one that is not up yet is tried again", async () => {
  const path = join(folder, "p.sock");
  const call = clientOf(path, 5_000).call<{ Up?: boolean; Err?: string }>("A.B", {});
  await serve(path, (_request, response) => response.end('{"Up":true}'));
  expect(await call).toEqual({ Up: true });
});

test("a plug-in is activated once and asked for what it said it is", async () => {
  let activations = 0;
  await serve(join(folder, "both.sock"), (_request, response) => {
    activations++;
    response.end('{"Implements":["VolumeDriver"]}');
  });
  await serve(join(folder, "silent.sock"), () => {});
  const plugins = new Plugins({ directories: directories(), logger: silentLogger, retryForMs: 100 });
  const [one, two] = await Promise.all([
    plugins.get("both", "VolumeDriver"),
    plugins.get("both", "VolumeDriver"),
  ]);
  expect(one).toBe(two);
  expect(activations).toBe(1);
  expect((await failureOf(plugins.get("both", "authz"))).message).toBe(
    'Plugin does not implement the requested driver: plugin="both", requested implementation="authz"',
  );
  expect(isKind(await failureOf(plugins.get("none", "authz")), "notFound")).toBe(true);
  expect(isKind(await failureOf(plugins.get("silent", "authz")), "unavailable")).toBe(true);
});
