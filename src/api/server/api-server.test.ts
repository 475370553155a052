import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conflict, notFound, notModified } from "../../base/errors.ts";
import { silentLogger } from "../../base/logger.ts";
import { createApiServer } from "../mod.ts";
import { fakeBackends } from "../testing/fakes.ts";
import { TestServer } from "../testing/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({
    system: {
      version: async () => ({ Version: "1", GitCommit: "", GoVersion: "", Os: "linux", Arch: "amd64" }),
    },
    containers: {
      start: async (name) => {
        if (name === "running") throw notModified("");
        if (name === "broken") throw new Error("disk on fire");
        throw notFound(`No such container: ${name}`);
      },
      rename: async () => {
        throw conflict("Conflict.");
      },
      create: async ({ request }) => ({ id: JSON.stringify(request.Cmd), warnings: [] }),
    },
    images: { inspect: async (name) => ({ Id: name }) as never },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe("headers", () => {
  test("every answer says what serves it", async () => {
    for (const path of ["/_ping", "/version", "/nowhere", "/v1.99/version"]) {
      const { headers } = await server.request("GET", path);
      expect(headers["api-version"]).toBe("1.55");
      expect(headers["docker-experimental"]).toBe("false");
      expect(headers["ostype"]).toBe("linux");
      expect(headers["server"]).toBe("Gantry/0.0.0-test (linux)");
    }
  });

  test("ping", async () => {
    const get = await server.request("GET", "/_ping");
    expect(get.text).toBe("OK");
    expect(get.headers["swarm"]).toBe("inactive");
    expect(get.headers["cache-control"]).toBe("no-cache, no-store, must-revalidate");
    expect(get.headers["pragma"]).toBe("no-cache");
    const head = await server.request("HEAD", "/v1.24/_ping");
    expect([head.status, head.text, head.headers["content-length"]]).toEqual([200, "", "0"]);
  });
});

describe("versions", () => {
  test.each(["1.24", "1.40", "1.41", "1.43", "1.44", "1.51", "1.52", "1.55"])(
    "%s is served",
    async (version) => {
      const answer = await server.request("GET", `/v${version}/version`);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ ApiVersion: "1.55", MinAPIVersion: "1.24" });
    },
  );

  test("too new", async () => {
    const answer = await server.request("GET", "/v1.99/version");
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(
      '{"message":"client version 1.99 is too new. Maximum supported API version is 1.55"}\n',
    );
  });

  test("too old: as text, for clients that print the body", async () => {
    const answer = await server.request("GET", "/v1.10/version");
    expect(answer.status).toBe(400);
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(answer.text).toBe(
      "client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n",
    );
  });

  test.each(["/vabc/version", "/v/version", "/v1.44", "/v1.44/", "/v1.44/v1.44/version"])(
    "%s is no page",
    async (path) => {
      const answer = await server.request("GET", path);
      expect([answer.status, answer.text]).toEqual([404, '{"message":"page not found"}\n']);
    },
  );

  test("an endpoint that came later", async () => {
    const answer = await server.request("POST", "/v1.24/containers/prune");
    expect([answer.status, answer.body.message]).toEqual([
      400,
      "POST /containers/prune requires minimum API version 1.25",
    ]);
  });
});

describe("routing", () => {
  test.each([
    ["GET", "/nowhere"],
    ["POST", "/version"],
    ["HEAD", "/version"],
    ["GET", "/containers/x/start"],
    ["PATCH", "/containers/x"],
  ])("%s %s is no page", async (method, path) => {
    expect((await server.request(method, path)).status).toBe(404);
  });

  test.each([
    ["/images/busybox/json", "busybox"],
    ["/images/docker.io/library/busybox:1.36/json", "docker.io/library/busybox:1.36"],
    ["/images/docker.io%2Flibrary%2Fbusybox/json", "docker.io/library/busybox"],
    ["/v1.44/images/json/json", "json"],
    ["/images/a/get/json", "a/get"],
    [`/images/x@sha256:${"0".repeat(64)}/json`, `x@sha256:${"0".repeat(64)}`],
    [`/images/${"n/".repeat(100)}z/json`, `${"n/".repeat(100)}z`],
  ])("%s asks for %s", async (path, name) => {
    expect((await server.request("GET", path)).body.Id).toBe(name);
  });

  test("a container's name with its leading slash", async () => {
    const answer = await server.request("POST", "/containers//web/start");
    expect(answer.body.message).toBe("No such container: web");
  });

  test("a malformed escape is the client's mistake", async () => {
    expect((await server.request("GET", "/images/%zz/json")).status).toBe(400);
  });
});

describe("errors", () => {
  test("kinds become statuses", async () => {
    expect((await server.request("POST", "/containers/web/start")).text).toBe(
      '{"message":"No such container: web"}\n',
    );
    const running = await server.request("POST", "/containers/running/start");
    expect([running.status, running.text]).toEqual([304, ""]);
    expect((await server.request("POST", "/containers/broken/start")).status).toBe(500);
    expect((await server.request("POST", "/containers/web/rename?name=x")).status).toBe(409);
  });

  test("what is not there yet says so", async () => {
    for (const path of ["/build", "/session", "/grpc"]) {
      const answer = await server.request("POST", path);
      expect([answer.status, answer.body.message]).toEqual([501, "this engine has no builder yet"]);
    }
    const upgrade = await server.request("POST", "/grpc", {
      headers: { Connection: "Upgrade", Upgrade: "h2c" },
    });
    expect(upgrade.status).toBe(501);
    const pruned = await server.request("POST", "/build/prune");
    expect([pruned.status, pruned.body]).toEqual([200, { CachesDeleted: null, SpaceReclaimed: 0 }]);
  });

  test("a node outside a swarm", async () => {
    for (const path of ["/swarm", "/nodes", "/services", "/tasks/x", "/secrets", "/configs"]) {
      const answer = await server.request("GET", path);
      expect(answer.status).toBe(503);
      expect(answer.body.message).toStartWith('This node is not a swarm manager. Use "docker swarm init"');
    }
  });
});

describe("JSON bodies", () => {
  const create = (body: string, contentType?: string) =>
    server.request("POST", "/containers/create", {
      body,
      headers: contentType === undefined ? {} : { "Content-Type": contentType },
    });

  test.each([
    ['{"Cmd":["a"]}', undefined, "malformed Content-Type header (): mime: no media type"],
    [
      '{"Cmd":["a"]}',
      "text/plain",
      "unsupported Content-Type header (text/plain): must be 'application/json'",
    ],
    ["  ", "application/json", "invalid JSON: got EOF while reading request body"],
    ['{"Cmd":["a"', "application/json", "invalid JSON: unexpected EOF"],
    ['{"Cmd":["a"]} x', "application/json", "unexpected content after JSON"],
    ['{"Cmd":["a"]}{}', "application/json", "unexpected content after JSON"],
    ["", "application/json", "config cannot be empty in order to create a container"],
    [
      '{"HostConfig":{"Memory":"lots"}}',
      "application/json",
      "invalid JSON: json: cannot unmarshal string into Go struct field CreateRequest.HostConfig.Memory of type int64",
    ],
    [
      '{"HostConfig":{"Memory":1.5}}',
      "application/json",
      "invalid JSON: json: cannot unmarshal number 1.5 into Go struct field CreateRequest.HostConfig.Memory of type int64",
    ],
    [
      '{"Env":{"a":"b"}}',
      "application/json",
      "invalid JSON: json: cannot unmarshal object into Go struct field CreateRequest.Env of type []string",
    ],
    [
      "[]",
      "application/json",
      "invalid JSON: json: cannot unmarshal array into Go value of type CreateRequest",
    ],
  ])("%s as %s is refused", async (body, contentType, message) => {
    const answer = await create(body, contentType);
    expect([answer.status, answer.body.message]).toEqual([400, message]);
  });

  test("not JSON at all", async () => {
    const answer = await create("hello", "application/json");
    expect(answer.status).toBe(400);
    expect(answer.body.message).toStartWith("invalid JSON: ");
  });

  test("a charset, names in another case, unknown fields and a command as text are fine", async () => {
    const answer = await create('{"cmd":"ls","What":1}\n', "application/json; charset=utf-8");
    expect([answer.status, answer.body.Id]).toEqual([201, '["ls"]']);
  });

  test("a chunked body", async () => {
    using client = server.connect();
    client.send(
      'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"Cmd":\r\n6\r\n["a"]}\r\n0\r\n\r\n',
    );
    expect(await client.until("Warnings")).toContain('"Id":"[\\"a\\"]"');
  });

  test("a body that is too long", async () => {
    const answer = await create(JSON.stringify({ Cmd: ["x".repeat(17 * 1024 * 1024)] }), "application/json");
    expect([answer.status, answer.body.message]).toEqual([400, "http: request body too large"]);
  });
});

describe("listeners", () => {
  const api = () =>
    createApiServer({
      backends: fakeBackends({}),
      logger: silentLogger,
      engineVersion: "0",
      cgroupV2: true,
    });

  test("a socket is its owner's and its group's, and goes away", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-listen-"));
    const path = join(directory, "deep", "api.sock");
    const first = api();
    await first.listen(`unix://${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    const second = api();
    await expect(second.listen(`unix://${path}`)).rejects.toThrow("is in use by process");
    await first.close();
    await expect(stat(path)).rejects.toThrow();
    await second.listen(`unix://${path}`);
    await second.close();
    await rm(directory, { recursive: true });
  });

  test("what a dead daemon left behind is replaced, other files are not", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gantry-listen-"));
    const path = join(directory, "api.sock");
    // The pid is this process's, the start is not: the holder died and its pid was given away again.
    await writeFile(`${path}.lock`, `${process.pid} 1\n`);
    await using first = api();
    await first.listen(`unix://${path}`);
    const file = join(directory, "file");
    await writeFile(file, "precious");
    await expect(first.listen(`unix://${file}`)).rejects.toThrow("is a file of another kind");
    const foreign = join(directory, "foreign.sock");
    const other = createServer().listen(foreign);
    await expect(first.listen(`unix://${foreign}`)).rejects.toThrow("is in use by another daemon");
    other.close();
    await rm(directory, { recursive: true });
  });

  test("tcp without TLS stays on this machine unless told otherwise", async () => {
    await using one = api();
    const address = await one.listen("tcp://127.0.0.1:0");
    expect(await (await fetch(`${address.replace("tcp", "http")}/_ping`)).text()).toBe("OK");
    await expect(one.listen("tcp://0.0.0.0:0")).rejects.toThrow("without TLS");
    await expect(one.listen("tcp://127.0.0.1:1/path")).rejects.toThrow("should not contain a path");
    await expect(one.listen("fd://")).rejects.toThrow("no sockets found via socket activation");
    await expect(one.listen("http://x")).rejects.toThrow(
      "invalid bind address (http://x): unsupported proto 'http'",
    );
  });

  test("close ends idle and streaming connections", async () => {
    const pending = Promise.withResolvers<never>();
    const closing = await TestServer.start({ containers: { list: () => pending.promise } });
    using client = closing.connect();
    client.send("GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n");
    using idle = closing.connect();
    idle.send("GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n");
    await idle.until("OK");
    await closing.api.close(10);
    expect(await client.untilEnd()).toBe("");
    await idle.untilEnd();
    await closing[Symbol.asyncDispose]();
  });
});
