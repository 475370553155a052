import { describe, expect, test } from "bun:test";
import { conflict, notFound } from "../../../base/errors.ts";
import type { DetailedLogEntry } from "../../../core/containers/streams.ts";
import type { ContainerSummary, PathStat } from "../../../spec/engine-api/mod.ts";
import { Channel, iterate } from "../../testing/fakes.ts";
import { TestServer } from "../../testing/server.ts";
import type { ContainerListOptions, ContainerLogsOptions, ContainersBackend } from "./backend.ts";

const serve = (containers: Partial<ContainersBackend>) => TestServer.start({ containers });
const entry = (text: string, more: Partial<DetailedLogEntry> = {}): DetailedLogEntry => ({
  timeNs: 1_700_000_000_000_000_001n,
  stream: "stdout",
  bytes: Buffer.from(text),
  partial: false,
  ...more,
});

describe("list", () => {
  test("options and filters of both forms", async () => {
    const asked: ContainerListOptions[] = [];
    await using server = await serve({
      list: async (options) => {
        asked.push(options);
        return [];
      },
    });
    const filters = encodeURIComponent(
      JSON.stringify({ label: { a: true, b: true }, status: { exited: true } }),
    );
    await server.request("GET", `/containers/json?all=True&limit=3&size=none&filters=${filters}`);
    const old = encodeURIComponent(JSON.stringify({ label: ["a", "b"] }));
    await server.request("GET", `/containers/json?all=0&filters=${old}`);
    expect(asked).toEqual([
      {
        all: true,
        limit: 3,
        size: false,
        filters: new Map([
          ["label", ["a", "b"]],
          ["status", ["exited"]],
        ]),
      },
      { all: false, limit: 0, size: false, filters: new Map([["label", ["a", "b"]]]) },
    ]);
    for (const [query, message] of [
      ['filters={"colour":["red"]}', "invalid filter 'colour'"],
      ["filters=nonsense", "invalid filter"],
      ['filters={"label":"a"}', "invalid filter"],
      ["limit=many", 'strconv.Atoi: parsing "many": invalid syntax'],
    ]) {
      const answer = await server.request("GET", `/containers/json?${encodeURI(query!)}`);
      expect([answer.status, answer.body.message]).toEqual([400, message]);
    }
  });

  test("shared records are not changed for old versions", async () => {
    const record = Object.freeze({ HostConfig: Object.freeze({ Annotations: { a: "b" } }), Health: {} });
    await using server = await serve({ list: async () => [record as unknown as ContainerSummary] });
    expect((await server.request("GET", "/v1.24/containers/json")).body).toEqual([{ HostConfig: {} }]);
    expect((await server.request("GET", "/containers/json")).body).toEqual([record]);
  });
});

describe("wait", () => {
  test("the head comes first, the body at the exit", async () => {
    const exit = Promise.withResolvers<{ StatusCode: number }>();
    await using server = await serve({ wait: async () => ({ result: exit.promise }) });
    const answer = await server.open("POST", "/containers/x/wait?condition=next-exit");
    expect(answer.statusCode).toBe(200);
    exit.resolve({ StatusCode: 3 });
    expect(await Array.fromAsync(answer).then((chunks) => Buffer.concat(chunks).toString())).toBe(
      '{"StatusCode":3}\n',
    );
  });

  test("a client that gives up is told to the engine", async () => {
    const aborted = Promise.withResolvers<void>();
    await using server = await serve({
      wait: async (_name, _condition, { signal }) => {
        signal.addEventListener("abort", () => aborted.resolve());
        return { result: new Promise(() => {}) };
      },
    });
    const answer = await server.open("POST", "/containers/x/wait");
    answer.on("error", () => {});
    answer.destroy();
    await aborted.promise;
  });

  test("conditions", async () => {
    const asked: string[] = [];
    await using server = await serve({
      wait: async (_name, condition) => {
        asked.push(condition);
        return { result: Promise.resolve({ StatusCode: 0, Error: { Message: "stuck" } }) };
      },
    });
    const bad = await server.request("POST", "/v1.30/containers/x/wait?condition=tired");
    expect([bad.status, bad.body.message]).toEqual([400, 'invalid condition: "tired"']);
    await server.request("POST", "/v1.29/containers/x/wait?condition=removed");
    expect((await server.request("POST", "/v1.33/containers/x/wait?condition=removed")).text).toBe("");
    const newer = await server.request("POST", "/v1.34/containers/x/wait?condition=removed");
    expect(newer.body).toEqual({ StatusCode: 0, Error: { Message: "stuck" } });
    expect(asked).toEqual(["not-running", "removed", "removed"]);
  });
});

describe("logs", () => {
  const logsOf = (tty: boolean, entries: readonly DetailedLogEntry[], asked: ContainerLogsOptions[] = []) =>
    serve({
      logs: async (_name, options) => {
        asked.push(options);
        return { tty, groups: iterate([entries]) };
      },
    });

  test("frames, timestamps and details", async () => {
    const asked: ContainerLogsOptions[] = [];
    const attributes = { b: "2 3", a: "1" };
    await using server = await logsOf(
      false,
      [
        entry("par", { partial: true, attributes }),
        entry("t\n", { attributes }),
        entry("e\n", { stream: "stderr", attributes }),
      ],
      asked,
    );
    const answer = await server.request(
      "GET",
      "/containers/x/logs?stdout=1&stderr=1&timestamps=1&details=1&tail=5&since=1700000000.5&follow=0",
    );
    expect(answer.headers["content-type"]).toBe("application/vnd.docker.multiplexed-stream");
    const stamp = "2023-11-14T22:13:20.000000001Z a=1,b=2+3 ";
    expect(answer.text).toBe(
      `\x01\0\0\0\0\0\0${String.fromCharCode(stamp.length + 3)}${stamp}par` +
        "\x01\0\0\0\0\0\0\x02t\n" +
        `\x02\0\0\0\0\0\0${String.fromCharCode(stamp.length + 2)}${stamp}e\n`,
    );
    expect(asked[0]).toMatchObject({ tail: 5, sinceNs: 1_700_000_000_500_000_000n, untilNs: undefined });
  });

  test("content types", async () => {
    await using framed = await logsOf(false, []);
    expect((await framed.request("GET", "/v1.41/containers/x/logs?stdout=1")).headers["content-type"]).toBe(
      "application/vnd.docker.raw-stream",
    );
    await using raw = await logsOf(true, [entry("plain")]);
    const answer = await raw.request("GET", "/containers/x/logs?stdout=1");
    expect([answer.headers["content-type"], answer.text]).toEqual([
      "application/vnd.docker.raw-stream",
      "plain",
    ]);
  });

  test("bad requests", async () => {
    await using server = await logsOf(false, []);
    const none = await server.request("GET", "/containers/x/logs");
    expect([none.status, none.body.message]).toEqual([
      400,
      "Bad parameters: you must choose at least one stream",
    ]);
    const since = await server.request("GET", "/containers/x/logs?stdout=1&since=noon");
    expect([since.status, since.body.message]).toEqual([
      400,
      'invalid value for "since": invalid timestamp "noon"',
    ]);
  });

  test("following: lines come as they are written, and the client's end stops the engine", async () => {
    const lines = new Channel<readonly DetailedLogEntry[]>();
    const stopped = Promise.withResolvers<void>();
    await using server = await serve({
      logs: async (_name, { signal }) => {
        signal.addEventListener("abort", () => {
          lines.end();
          stopped.resolve();
        });
        return { tty: true, groups: lines };
      },
    });
    const answer = await server.open("GET", "/containers/x/logs?stdout=1&follow=1");
    const reader = answer[Symbol.asyncIterator]();
    for (const text of ["one\n", "two\n"]) {
      lines.push([entry(text)]);
      expect(String((await reader.next()).value)).toBe(text);
    }
    answer.on("error", () => {});
    answer.destroy();
    await stopped.promise;
  });
});

describe("archives", () => {
  const stat: PathStat = { name: "etc", size: 3, mode: 493, mtime: "2024-01-01T00:00:00Z", linkTarget: "" };
  const header = Buffer.from(JSON.stringify(stat)).toString("base64");

  test("stat, read, and what goes wrong before and after the first byte", async () => {
    await using server = await serve({
      statPath: async () => stat,
      getArchive: async (_name, path) => {
        if (path === "/missing") throw notFound("Could not find the file /missing in container x");
        const tar = async function* () {
          yield Buffer.from("tar");
          if (path === "/broken") throw new Error("read error");
        };
        return { stat, tar: tar() };
      },
    });
    const head = await server.request("HEAD", "/containers/x/archive?path=/etc");
    expect([head.status, head.headers["x-docker-container-path-stat"]]).toEqual([200, header]);
    const get = await server.request("GET", "/containers/x/archive?path=/etc");
    expect([get.headers["content-type"], get.headers["x-docker-container-path-stat"], get.text]).toEqual([
      "application/x-tar",
      header,
      "tar",
    ]);
    expect((await server.request("GET", "/containers/x/archive?path=/missing")).status).toBe(404);
    await expect(server.request("GET", "/containers/x/archive?path=/broken")).rejects.toThrow();
    const none = await server.request("GET", "/containers/x/archive");
    expect([none.status, none.body.message]).toEqual([400, "bad parameter: path cannot be empty"]);
  });

  test("an upload is streamed, at the pace of the engine", async () => {
    const gate = Promise.withResolvers<void>();
    let received = 0;
    await using server = await serve({
      putArchive: async (_name, _path, tar, options) => {
        expect(options).toMatchObject({ noOverwriteDirNonDir: true, copyUidGid: false });
        for await (const chunk of tar) {
          received += chunk.length;
          await gate.promise;
        }
      },
    });
    using client = server.connect();
    const size = 16 * 1024 * 1024;
    client.send(
      `PUT /containers/x/archive?path=/&noOverwriteDirNonDir=1 HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`,
    );
    client.socket.write(Buffer.alloc(size));
    for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(client.socket.writableLength).toBeGreaterThan(0);
    gate.resolve();
    expect(await client.until("\r\n\r\n")).toStartWith("HTTP/1.1 200 OK\r\n");
    expect(received).toBe(size);
  });

  test("an upload that is refused early gets its answer, and the connection goes on", async () => {
    await using server = await serve({
      putArchive: async (_name, _path, tar) => {
        for await (const _chunk of tar) throw conflict("container rootfs is marked read-only");
      },
      list: async () => [],
    });
    using client = server.connect();
    const size = 4 * 1024 * 1024;
    client.send(`PUT /containers/x/archive?path=/ HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    client.socket.write(Buffer.alloc(size));
    await client.until("container rootfs is marked read-only");
    client.send("GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.until("[]\n");
  });

  test("a download is produced at the pace of the client, and stops with it", async () => {
    let produced = 0;
    const stopped = Promise.withResolvers<void>();
    await using server = await serve({
      export: async (_name, { signal }) =>
        (async function* () {
          try {
            for (; !signal.aborted; produced++) yield Buffer.alloc(65536);
          } finally {
            stopped.resolve();
          }
        })(),
    });
    using client = server.connect();
    client.socket.pause();
    client.send("GET /containers/x/export HTTP/1.1\r\nHost: x\r\n\r\n");
    for (let turn = 0; turn < 300; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeGreaterThan(0);
    expect(produced).toBeLessThan(64);
    client.socket.destroy();
    await stopped.promise;
  });
});

describe("actions", () => {
  test("stop options", async () => {
    const asked: object[] = [];
    await using server = await serve({
      stop: async (_name, options) => {
        asked.push(options);
      },
      kill: async () => {
        throw conflict("container x is not running");
      },
      start: async () => {},
    });
    for (const path of [
      "/v1.41/containers/x/stop?signal=HUP&t=-1",
      "/containers/x/stop?signal=HUP",
      "/containers/x/stop",
    ]) {
      expect((await server.request("POST", path)).status).toBe(204);
    }
    expect(asked).toEqual([
      { signal: undefined, timeoutSeconds: -1 },
      { signal: "HUP", timeoutSeconds: undefined },
      { signal: undefined, timeoutSeconds: undefined },
    ]);
    const kill = await server.request("POST", "/containers/x/kill");
    expect([kill.status, kill.body.message]).toEqual([
      409,
      "cannot kill container: x: container x is not running",
    ]);
    const start = await server.request("POST", "/containers/x/start", { body: { Binds: [] } });
    expect(start.status).toBe(400);
    expect((await server.request("POST", "/containers/x/start", { body: {} })).status).toBe(204);
  });
});
