import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { isKind } from "../base/errors.ts";
import { ApiClient } from "./api-client.ts";
import { attachContainer } from "./containers/attach.ts";
import { createContainer } from "./containers/create.ts";
import { inspectContainer } from "./containers/inspect.ts";
import { listContainers } from "./containers/list.ts";
import { waitContainer } from "./containers/wait.ts";
import { parseEndpoint } from "./endpoint.ts";
import { ResponseError } from "./errors.ts";
import { loadImages } from "./images/load.ts";
import { inspectNetwork } from "./networks/inspect.ts";
import { engineEvents } from "./system/events.ts";

const dir = mkdtempSync(join(tmpdir(), "gantry-client-"));
const socket = join(dir, "engine.sock");
const seen: string[] = [];

const server = http.createServer((request, response) => {
  seen.push(`${request.method} ${request.url}`);
  response.setHeader("Api-Version", "1.47");
  const url = new URL(request.url!, "http://engine");
  if (url.pathname === "/_ping") {
    response.end();
    return;
  }
  if (url.pathname.endsWith("/containers/gone/json")) {
    response.statusCode = 404;
    response.end('{"message":"No such container: gone"}');
    return;
  }
  if (url.pathname.endsWith("/wait")) {
    response.flushHeaders();
    setImmediate(() => response.end('{"StatusCode":7}\n'));
    return;
  }
  if (url.pathname.endsWith("/events")) {
    response.write('{"Action":"a"}{"Act');
    response.write('ion":"b"}\n');
    return;
  }
  if (url.pathname.endsWith("/networks/wide")) {
    response.end(
      '{"Name":"wide","Status":{"IPAM":{"Subnets":{"fd00::/64":{"IPsInUse":18446744073709551613}}}}}',
    );
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    response.end(JSON.stringify({ body, length: request.headers["content-length"] ?? null }));
  });
});

// Answers in one packet with what the container wrote at once, then echoes until the client has finished.
server.on("upgrade", (request, connection: net.Socket) => {
  seen.push(`${request.method} ${request.url} ${request.headers.upgrade}`);
  connection.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly ");
  connection.on("data", (chunk) => connection.write(chunk));
  connection.on("end", () => connection.end("late"));
});

let client: ApiClient;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  client = new ApiClient({ endpoint: parseEndpoint(`unix://${socket}`) });
});
afterAll(() => {
  client.close();
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true });
});

describe("ApiClient", () => {
  test("negotiates the version once", async () => {
    await listContainers(client, { all: true, filters: { status: ["exited", "dead"] } });
    await listContainers(client);
    const filters = encodeURIComponent('{"status":{"exited":true,"dead":true}}');
    expect(seen).toEqual([
      "HEAD /_ping",
      `GET /v1.47/containers/json?all=1&filters=${filters}`,
      "GET /v1.47/containers/json",
    ]);
  });

  test("sends JSON with its length and streams without", async () => {
    const created = (await createContainer(client, { Image: "x" }, { name: "a b" })) as unknown as Record<
      string,
      string
    >;
    expect(created).toEqual({ body: '{"Image":"x"}', length: "13" });
    expect(seen.at(-1)).toBe("POST /v1.47/containers/create?name=a+b");
    const answer = await loadImages(client, Readable.from(["ab", "cd"]), { quiet: true });
    expect(JSON.parse((await Array.fromAsync(answer)).join(""))).toEqual({ body: "abcd", length: null });
  });

  test("counts of addresses keep all their digits", async () => {
    const { Status } = await inspectNetwork(client, "wide");
    expect(Status?.IPAM?.Subnets?.["fd00::/64"]?.IPsInUse).toBe(18446744073709551613n);
  });

  test("errors carry the engine's words and a kind", async () => {
    const error = await inspectContainer(client, "gone").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ResponseError);
    expect(isKind(error, "notFound")).toBe(true);
    expect((error as Error).message).toBe("Error response from daemon: No such container: gone");
  });

  test("a wait is on before its exit comes", async () => {
    const waiting = await waitContainer(client, "c", "next-exit");
    expect(await waiting.exit).toEqual({ StatusCode: 7 });
  });

  test("hijacks, keeps early bytes, and closes one way only", async () => {
    const { input, output } = await attachContainer(client, "c", { stream: true, stdin: true });
    input!.write("echo ");
    input!.end();
    expect(Buffer.concat(await Array.fromAsync(output)).toString()).toBe("early echo late");
    expect(seen.at(-1)).toBe("POST /v1.47/containers/c/attach?stream=1&stdin=1 tcp");
  });

  test("a stream ends with its signal", async () => {
    const stop = new AbortController();
    const actions: string[] = [];
    const reading = (async () => {
      for await (const event of engineEvents(client, { signal: stop.signal })) {
        actions.push(event.Action);
        if (actions.length === 2) stop.abort();
      }
    })();
    await reading.catch((error: Error) => expect(isKind(error, "canceled")).toBe(true));
    expect(actions).toEqual(["a", "b"]);
  });

  test("an engine that is not there", async () => {
    using nobody = new ApiClient({ endpoint: parseEndpoint(`unix://${dir}/nobody.sock`) });
    await expect(nobody.ping()).rejects.toThrow(
      `Cannot connect to the Docker daemon at unix://${dir}/nobody.sock. Is the docker daemon running?`,
    );
  });

  test("a connection that breaks is no missing engine", async () => {
    const rude = net.createServer((connection) => connection.once("data", () => connection.destroy()));
    await new Promise<void>((resolve) => rude.listen(0, "127.0.0.1", resolve));
    const { port } = rude.address() as AddressInfo;
    using broken = new ApiClient({ endpoint: parseEndpoint(`tcp://127.0.0.1:${port}`) });
    await expect(broken.ping()).rejects.toThrow("error during connect");
    rude.close();
  });
});

describe("parseEndpoint", () => {
  test.each([
    ["unix:///x/y.sock", { kind: "unix", path: "/x/y.sock" }],
    ["tcp://h:80", { kind: "tcp", hostname: "h", port: 80, basePath: "" }],
    ["tcp://[::1]/base/", { kind: "tcp", hostname: "::1", port: 2375, basePath: "/base" }],
  ])("%s", (host, endpoint) => {
    expect(parseEndpoint(host)).toMatchObject(endpoint);
  });

  test("what it cannot speak", () => {
    expect(() => parseEndpoint("nothing")).toThrow("unable to parse docker host `nothing`");
    expect(() => parseEndpoint("ssh://h")).toThrow("not supported yet");
    expect(() => parseEndpoint("foo://h")).toThrow("invalid bind address format: foo://h");
  });
});
