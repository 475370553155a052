import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { notFound } from "../../../base/errors.ts";
import { Reactor } from "../../../os/linux/reactor/reactor.ts";
import { encodeFrame, STDERR_STREAM, STDOUT_STREAM } from "../../../spec/engine-api/stdcopy.ts";
import { FakeSession } from "../../testing/fakes.ts";
import { TestServer } from "../../testing/server.ts";
import type { AttachOptions } from "./backend.ts";

const UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n";

async function serve(session: FakeSession, reactor?: Reactor) {
  const asked: Array<[string, AttachOptions]> = [];
  const server = await TestServer.start(
    {
      containers: {
        attach: async (name, options) => {
          if (name === "missing") throw notFound("No such container: missing");
          asked.push([name, options]);
          return session;
        },
        inspect: async (name) => {
          if (name === "missing") throw notFound("No such container: missing");
          return {} as never;
        },
        list: async () => [],
      },
    },
    reactor && { whenHungUp: (fd, signal) => reactor.hungUp(fd, signal) },
  );
  return { server, asked };
}

function attach(path: string, headers: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: docker\r\nContent-Type: text/plain\r\n${headers}\r\n`;
}

describe("attach", () => {
  test("upgraded: framed output, input, both ends close by themselves", async () => {
    const session = new FakeSession(false);
    const { server, asked } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send(
      attach("/v1.44/containers/a/b/attach?stream=1&stdin=1&stdout=true&stderr=0&detachKeys=ctrl-a", UPGRADE),
    );
    await client.until("\r\n\r\n");
    client.send("in1 ");
    session.say("out");
    session.say("err", "stderr");
    await client.until("err");
    client.socket.end("in2");
    await session.stdinClosed.promise;
    expect(session.input).toBe("in1 in2");
    session.say("after");
    session.output.end();
    expect(await client.untilEnd()).toBe(
      "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" +
        Buffer.concat([
          encodeFrame(STDOUT_STREAM, Buffer.from("out")),
          encodeFrame(STDERR_STREAM, Buffer.from("err")),
          encodeFrame(STDOUT_STREAM, Buffer.from("after")),
        ]).toString("latin1"),
    );
    await session.closed.promise;
    expect(asked[0]).toMatchObject([
      "a/b",
      { stdin: true, stdout: true, stderr: false, stream: true, logs: false, detachKeys: "ctrl-a" },
    ]);
  });

  test.each([
    ["/v1.41/containers/x/attach", false, "raw-stream"],
    ["/v1.42/containers/x/attach", true, "raw-stream"],
    ["/v1.42/containers/x/attach", false, "multiplexed-stream"],
    ["/containers/x/attach", false, "multiplexed-stream"],
  ])("%s with terminal %p is a %s", async (path, tty, type) => {
    const session = new FakeSession(tty);
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send(attach(`${path}?stream=1&stdout=1`, UPGRADE));
    session.output.end();
    expect(await client.until("\r\n\r\n")).toContain(`Content-Type: application/vnd.docker.${type}\r\n`);
  });

  test("an old client's bytes may arrive with the request, without an upgrade", async () => {
    const session = new FakeSession(true);
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send(`${attach("/v1.24/containers/x/attach?stream=1&stdin=1&stdout=1", "")}GET / HTTP/1.1\r\n`);
    session.say("hello");
    await client.until("hello");
    client.socket.end("last");
    await session.stdinClosed.promise;
    expect(session.input).toBe("GET / HTTP/1.1\r\nlast");
    session.output.end();
    expect(await client.untilEnd()).toBe(
      "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nhello",
    );
  });

  test("a body is not input", async () => {
    const session = new FakeSession(true);
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    const body = '{"stream":true}';
    const head = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n${UPGRADE}`;
    client.send(`${attach("/containers/x/attach?stream=1&stdin=1&stdout=1", head)}${body}typed`);
    await client.until("\r\n\r\n");
    client.socket.end();
    await session.stdinClosed.promise;
    expect(session.input).toBe("typed");
    session.output.end();
  });

  test("an old client's head may come in pieces", async () => {
    const session = new FakeSession(true);
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.socket.setNoDelay(true);
    for (const byte of attach("/containers/x/attach?stream=1&stdin=1&stdout=1", "")) {
      await new Promise<void>((resolve) => client.socket.write(byte, () => resolve()));
    }
    await client.until("\r\n\r\n");
    client.socket.end("input");
    await session.stdinClosed.promise;
    expect(session.input).toBe("input");
    session.output.end();
  });

  test("on a connection that was used before", async () => {
    const session = new FakeSession(true);
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send("GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.until("[]\n");
    client.send(`${attach("/containers/x/attach?stream=1&stdin=1&stdout=1", UPGRADE)}typed`);
    session.say("output");
    await client.until("output");
    client.socket.end();
    await session.stdinClosed.promise;
    expect(session.input).toBe("typed");
    session.output.end();
  });

  test("a container that is not there is told before anything is taken over", async () => {
    const { server } = await serve(new FakeSession(true));
    await using _server = server;
    for (const headers of [UPGRADE, ""]) {
      using client = server.connect();
      client.send(attach("/containers/missing/attach?stream=1", headers));
      const answer = await client.untilEnd();
      expect(answer).toStartWith("HTTP/1.1 404 Not Found\r\nApi-Version: 1.55\r\n");
      expect(answer).toContain("\r\nContent-Type: application/vnd.docker.raw-stream\r\n");
      expect(answer).toEndWith("\r\n\r\nNo such container: missing\r\n");
    }
  });

  test("a client that vanishes ends the session, at once or after it closed its input", async () => {
    await using reactor = Reactor.start();
    for (const closeInput of [false, true]) {
      const session = new FakeSession(false);
      const { server } = await serve(session, reactor);
      await using _server = server;
      using client = server.connect();
      client.send(attach("/containers/x/attach?stream=1&stdin=1&stdout=1", UPGRADE));
      await client.until("\r\n\r\n");
      if (closeInput) {
        client.socket.end("last");
        await session.stdinClosed.promise;
        // It still listens.
        session.say("heard");
        await client.until("heard");
      } else client.socket.write("last");
      client.socket.destroy();
      await session.closed.promise;
      expect(session.input).toBe("last");
    }
  });

  test("a client whose death nothing tells is noticed by what it cannot be sent", async () => {
    const session = new FakeSession(false);
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send(attach("/containers/x/attach?stream=1&stdout=1", UPGRADE));
    await client.until("\r\n\r\n");
    client.socket.destroy();
    const chatter = setInterval(() => session.say("x".repeat(65536)), 5);
    await session.closed.promise;
    clearInterval(chatter);
  });

  test("a slow process holds the input back", async () => {
    const session = new FakeSession(true);
    const gate = Promise.withResolvers<void>();
    session.gate = gate.promise;
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send(attach("/containers/x/attach?stream=1&stdin=1&stdout=1", UPGRADE));
    await client.until("\r\n\r\n");
    const flood = Buffer.alloc(8 * 1024 * 1024, "i");
    client.socket.write(flood);
    // The process takes nothing, so the kernel's buffers fill and the client's stay full.
    expect(client.socket.writableLength).toBeGreaterThan(0);
    gate.resolve();
    client.socket.end();
    await session.stdinClosed.promise;
    expect(session.input.length).toBe(flood.length);
    session.close();
  });

  test("a slow client holds the output back", async () => {
    const session = new FakeSession(true);
    const chunk = { stream: "stdout" as const, bytes: Buffer.alloc(65536, "o") };
    let produced = 0;
    session.output[Symbol.asyncIterator] = async function* () {
      for (; produced < 256; produced++) yield chunk;
    };
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.socket.pause();
    client.send(attach("/containers/x/attach?stream=1&stdout=1", UPGRADE));
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeGreaterThan(0);
    expect(produced).toBeLessThan(64);
    client.socket.resume();
    const received = await client.untilEnd();
    expect(received.length - received.indexOf("\r\n\r\n") - 4).toBe(256 * 65536);
  });

  test("an error behind the output is told in the stream", async () => {
    const session = new FakeSession(false);
    const { server } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send(attach("/containers/x/attach?stream=1&stdout=1", UPGRADE));
    session.output.end(new Error("monitor lost"));
    expect(await client.untilEnd()).toEndWith("\x03\0\0\0\0\0\0\x0emonitor lost\r\n");
  });
});

describe("attach over a WebSocket", () => {
  function frame(opcode: number, payload: string): Buffer {
    const bytes = Buffer.from(payload);
    const mask = Buffer.from([1, 2, 3, 4]);
    const masked = bytes.map((byte, at) => byte ^ mask[at & 3]!);
    return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | bytes.length]), mask, masked]);
  }

  const handshake = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;

  test("bytes both ways, ping and close", async () => {
    const session = new FakeSession(false);
    const { server, asked } = await serve(session);
    await using _server = server;
    using client = server.connect();
    client.send(handshake("/v1.41/containers/x/attach/ws?stream=1"));
    const accept = createHash("sha1")
      .update("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
      .digest("base64");
    expect(await client.until("\r\n\r\n")).toContain(`Sec-WebSocket-Accept: ${accept}\r\n`);
    // Before 1.42 every stream is attached.
    expect(asked[0]![1]).toMatchObject({ stdin: true, stdout: true, stderr: true });
    session.say("out");
    await client.until("\x82\x03out");
    client.socket.write(Buffer.concat([frame(9, "p"), frame(2, "typ"), frame(0, "ed")]));
    await client.until("\x8a\x01p");
    client.socket.write(frame(8, "\x03\xe8"));
    await session.stdinClosed.promise;
    expect(session.input).toBe("typed");
    expect(await client.untilEnd()).toContain("\x88");
  });

  test("a real client", async () => {
    const session = new FakeSession(true);
    const { server } = await serve(session);
    await using _server = server;
    const address = await server.api.listen("tcp://127.0.0.1:0");
    const socket = new WebSocket(
      `${address.replace("tcp", "ws")}/containers/x/attach/ws?stream=1&stdin=1&stdout=1`,
    );
    socket.binaryType = "arraybuffer";
    const message = Promise.withResolvers<string>();
    socket.onmessage = (event) => message.resolve(Buffer.from(event.data as ArrayBuffer).toString());
    await new Promise((resolve) => {
      socket.onopen = resolve;
    });
    const long = "l".repeat(70_000);
    session.say(long);
    expect(await message.promise).toBe(long);
    const closed = new Promise((resolve) => {
      socket.onclose = resolve;
    });
    socket.send(long);
    socket.close();
    await session.stdinClosed.promise;
    expect(session.input).toBe(long);
    await closed;
  });

  test("a request without a handshake is refused", async () => {
    const { server } = await serve(new FakeSession(true));
    await using _server = server;
    const answer = await server.request("GET", "/containers/x/attach/ws?stream=1");
    expect([answer.status, answer.body.message]).toEqual([400, "not websocket protocol"]);
    const missing = await server.request("GET", "/containers/missing/attach/ws");
    expect([missing.status, missing.body.message]).toEqual([404, "No such container: missing"]);
  });
});
