import { describe, expect, test } from "bun:test";
import { conflict, invalidArgument, notFound } from "../../../base/errors.ts";
import { FakeSession } from "../../testing/fakes.ts";
import { TestServer } from "../../testing/server.ts";
import type { ExecBackend, ExecStartOptions } from "./backend.ts";

const UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

function start(path: string, body: object, headers = UPGRADE, behind = ""): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n${headers}\r\n${text}${behind}`;
}

function serve(methods: Partial<ExecBackend>) {
  return TestServer.start({
    exec: { checkStart: async () => {}, ...methods },
    containers: { list: async () => [] },
  });
}

describe("exec", () => {
  test("create", async () => {
    await using server = await serve({
      create: async (_container, request) => ({ id: JSON.stringify(request) }),
    });
    const body = { Cmd: ["ls"], ConsoleSize: [24, 80], Tty: true };
    const created = await server.request("POST", "/v1.42/containers/x/exec", { body });
    expect([created.status, JSON.parse(created.body.Id)]).toEqual([201, body]);
    const old = await server.request("POST", "/v1.41/containers/x/exec", { body });
    expect(JSON.parse(old.body.Id)).toEqual({ Cmd: ["ls"], Tty: true });
    const empty = await server.request("POST", "/containers/x/exec", { body: {} });
    expect([empty.status, empty.body.message]).toEqual([400, "No exec command specified"]);
  });

  for (const [kind, headers, reused] of [
    ["upgraded", UPGRADE, false],
    ["upgraded on a used connection", UPGRADE, true],
    ["old-style", "", false],
  ] as const) {
    test(`start, ${kind}: the body and the input behind it are told apart`, async () => {
      const session = new FakeSession(true);
      const asked: ExecStartOptions[] = [];
      await using server = await serve({
        startAttached: async (_id, options) => {
          asked.push(options);
          return session;
        },
      });
      using client = server.connect();
      if (reused) {
        client.send("GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.until("[]\n");
      }
      const request = start("/exec/e/start", { Tty: true, ConsoleSize: [24, 80] }, headers, "typed");
      // The body's end arrives by itself.
      client.send(request.slice(0, -12));
      await new Promise((resolve) => setImmediate(resolve));
      client.send(request.slice(-12));
      session.say("hello");
      await client.until("hello");
      client.socket.end(" more");
      await session.stdinClosed.promise;
      expect(session.input).toBe("typed more");
      session.output.end();
      expect(await client.untilEnd()).toContain(
        headers === "" ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 101 UPGRADED\r\n",
      );
      expect(asked[0]).toMatchObject({ tty: true, consoleSize: { rows: 24, columns: 80 } });
    });
  }

  test("start with a chunked body", async () => {
    const session = new FakeSession(true);
    await using server = await serve({ startAttached: async () => session });
    using client = server.connect();
    client.send(
      `POST /exec/e/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n${UPGRADE}\r\n7\r\n{"Tty":\r\n5\r\ntrue}\r\n0\r\n\r\ntyped`,
    );
    await client.until("\r\n\r\n");
    client.socket.end();
    await session.stdinClosed.promise;
    expect(session.input).toBe("typed");
    session.output.end();
  });

  test("the head goes out before the process runs, and frames are what the client asked for", async () => {
    const session = new FakeSession(true);
    const running = Promise.withResolvers<FakeSession>();
    await using server = await serve({ startAttached: () => running.promise });
    using client = server.connect();
    client.send(start("/exec/e/start", { Tty: false }));
    await client.until("multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    running.resolve(session);
    session.say("out");
    session.output.end();
    expect(await client.untilEnd()).toEndWith("\r\n\r\n\x01\0\0\0\0\0\0\x03out");
  });

  test("detached", async () => {
    const started: string[] = [];
    await using server = await serve({
      startDetached: async (id) => {
        started.push(id);
      },
    });
    const answer = await server.request("POST", "/exec/e/start", { body: { Detach: true } });
    expect([answer.status, answer.text, started]).toEqual([200, "", ["e"]]);
  });

  test("errors of the request are statuses, those of the program are output", async () => {
    await using server = await serve({
      checkStart: async (id) => {
        if (id === "missing") throw notFound("No such exec instance: missing");
        if (id === "stopped") throw conflict("container x is not running");
      },
      startAttached: async () => {
        throw invalidArgument("OCI runtime exec failed: no such file");
      },
    });
    for (const [id, status] of [
      ["missing", "404 Not Found"],
      ["stopped", "409 Conflict"],
    ] as const) {
      using client = server.connect();
      client.send(start(`/exec/${id}/start`, {}));
      expect(await client.untilEnd()).toStartWith(`HTTP/1.1 ${status}\r\n`);
    }
    using client = server.connect();
    client.send(start("/exec/e/start", {}));
    expect(await client.untilEnd()).toEndWith(
      "\x01\0\0\0\0\0\0\x27OCI runtime exec failed: no such file\r\n",
    );
    const bad = await server.request("POST", "/exec/e/start", { body: { Tty: "yes" } });
    expect([bad.status, bad.body.message]).toEqual([
      400,
      "invalid JSON: json: cannot unmarshal string into Go struct field ExecStartRequest.Tty of type bool",
    ]);
  });

  test("resize", async () => {
    const sizes: object[] = [];
    await using server = await serve({
      resize: async (_id, size) => {
        sizes.push(size);
      },
    });
    expect((await server.request("POST", "/exec/e/resize?h=24&w=80")).status).toBe(200);
    expect(sizes).toEqual([{ rows: 24, columns: 80 }]);
    for (const [query, message] of [
      ["h=x&w=1", 'invalid resize height "x": invalid syntax'],
      ["h=1&w=", 'invalid resize width "": invalid syntax'],
      ["h=-1&w=1", 'invalid resize height "-1": value out of range'],
    ]) {
      const answer = await server.request("POST", `/exec/e/resize?${query}`);
      expect([answer.status, answer.body.message]).toEqual([400, message]);
    }
  });
});
