import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isKind } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import { findPlugin, listPlugins } from "./discovery.ts";
import { PluginClient } from "./plugin-client.ts";
import { Plugins } from "./plugins.ts";
import { PluginRefusal, Reply } from "./reply.ts";

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
  expect((await client.call("A.Ok", {}, { timeoutMs: 5_000 })).count("Value", 1)).toBe(1);
  for (const [method, message] of [
    ["A.No", "no"],
    ["A.Bad", "A.Bad: broken"],
    ["A.Old", "A.Old: not here"],
  ] as const) {
    const failure = await failureOf(client.call(method, {}, { timeoutMs: 5_000 }));
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
  const call = clientOf(path, 5_000).call("A.B", {}, { timeoutMs: 5_000 });
  await serve(path, (_request, response) => response.end('{"Up":true}'));
  expect((await call).flag("Up")).toBe(true);
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
    'legacy plugin: Plugin does not implement the requested driver: plugin="both", requested implementation="authz"',
  );
  expect(isKind(await failureOf(plugins.get("none", "authz")), "notFound")).toBe(true);
  expect(isKind(await failureOf(plugins.get("silent", "authz")), "unavailable")).toBe(true);
});

test("one that stops in the middle of an answer costs the timeout, one that goes on without an end its size", async () => {
  const path = join(folder, "p.sock");
  await serve(path, (request, response) => {
    response.write('{"Value":"');
    if (request.url === "/A.Endless") {
      const filler = "x".repeat(1024 * 1024);
      const more = () => response.destroyed || response.write(filler, more);
      more();
    }
  });
  const client = clientOf(path);
  const cut = await failureOf(client.call("A.Cut", {}, { timeoutMs: 100 }));
  expect(cut.message).toBe('Post "http://plugin.moby.localhost/A.Cut": context deadline exceeded');
  const endless = await failureOf(client.call("A.Endless", {}, { timeoutMs: 10_000 }));
  expect(endless.message).toContain("the answer is too long");
});

test("what an answer holds is checked", () => {
  const reply = Reply.parse(
    "A.B",
    '{"Text":1,"Flag":"yes","List":{},"Objects":[1],"Object":[],"Map":{"a":1},"Count":-1}',
  );
  const problems = [
    () => reply.text("Text"),
    () => reply.flag("Flag"),
    () => reply.texts("List"),
    () => reply.objects("Objects"),
    () => reply.object("Object"),
    () => reply.textMap("Map"),
    () => reply.count("Count", 9),
    () => Reply.parse("A.B", "[]"),
    () => Reply.parse("A.B", "{"),
    () => Reply.parse("A.B", JSON.stringify({ Text: "x".repeat(70_000) })).text("Text"),
  ];
  for (const problem of problems) expect(problem).toThrow("A.B: error reading plugin resp: ");
  const empty = Reply.parse("A.B", "null");
  expect([empty.text("Text"), empty.flag("Flag"), empty.objects("Objects"), empty.object("Object")]).toEqual([
    "",
    false,
    [],
    undefined,
  ]);
});

test("one that went away is looked for again", async () => {
  await serve(join(folder, "first.sock"), (_request, response) =>
    response.end('{"Implements":["VolumeDriver"]}'),
  );
  const specification = join(folder, "moving.spec");
  writeFileSync(specification, `unix://${join(folder, "first.sock")}`);
  const plugins = new Plugins({ directories: directories(), logger: silentLogger, retryForMs: 200 });
  const before = await plugins.get("moving", "VolumeDriver");
  expect(plugins.activatedOf("VolumeDriver")).toEqual(["moving"]);
  const [first] = servers.splice(0);
  first!.closeAllConnections();
  await new Promise((resolve) => first!.close(resolve));
  await failureOf(before.call("VolumeDriver.List", {}, { timeoutMs: 1_000 }));
  await serve(join(folder, "second.sock"), (_request, response) =>
    response.end('{"Implements":["LogDriver"]}'),
  );
  writeFileSync(specification, `unix://${join(folder, "second.sock")}`);
  expect((await plugins.get("moving", "LogDriver")).name).toBe("moving");
});

test("one that makes its socket itself cannot lead to somebody else's", async () => {
  await serve(join(folder, "others.sock"), (_request, response) => response.end("{}"));
  symlinkSync(join(folder, "others.sock"), join(folder, "own.sock"));
  const client = new PluginClient({
    plugin: { name: "p", address: `unix://${folder}/own.sock`, scope: { hostPath: async (path) => path } },
    retryForMs: 0,
    logger: silentLogger,
  });
  const failure = await failureOf(client.call("A.B", {}, { timeoutMs: 1_000 }));
  expect(failure.message).toContain("own.sock is a link");
});
