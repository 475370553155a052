import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { openServedPort } from "../../os/linux/port-reservation.ts";
import { DescriptorShare } from "./descriptor-share.ts";
import { PortProxies } from "./port-proxies.ts";

const MEGABYTE = 1 << 20;

/** A port of ::1 that was free a moment ago. */
function freePort(protocol: "tcp" | "udp"): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      openServedPort({ protocol, address: "::1", port }).close();
      return port;
    } catch {
      // Somebody has it.
    }
  }
}

async function containerServer(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function proxy(target: number, share = new DescriptorShare(100)) {
  const port = freePort("tcp");
  const proxied = new PortProxies({ share }).open(
    { protocol: "tcp", address: "::1", port },
    { address: "127.0.0.1", port: target },
  );
  return { port, close: () => proxied.close() };
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

const call = (port: number) => connect({ host: "::1", port, allowHalfOpen: true });

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  // Not by iteration, which would close the other direction as well.
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "end");
  return Buffer.concat(chunks).toString();
}

/** Resolves when the peer has closed or reset the connection. */
const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    for (const event of ["end", "close"]) socket.once(event, () => resolve());
  });

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not come to that");
    await delay(5);
  }
}

function openSockets(): number {
  const isSocket = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
    } catch {
      // The one that lists the directory is closed again.
      return false;
    }
  };
  return readdirSync("/proc/self/fd").filter(isSocket).length;
}

test("each direction of a connection ends by itself", async () => {
  const server = await containerServer(async (socket) => {
    const asked = await readAll(socket);
    socket.end(`heard ${asked}`);
  });
  const proxied = proxy(portOf(server));
  const client = call(proxied.port);
  client.end("all of it");
  expect(await readAll(client)).toBe("heard all of it");
  // The other way round: the container has said everything and still listens.
  let heard = "";
  const greeter = await containerServer(async (socket) => {
    socket.end("first");
    heard = await readAll(socket);
  });
  const second = proxy(portOf(greeter));
  const listener = call(second.port);
  expect(await readAll(listener)).toBe("first");
  listener.end("second");
  await until(() => heard === "second");
  for (const each of [proxied, second, server, greeter]) each.close();
});

test("a side that does not read holds the other one up, and gets everything in the end", async () => {
  const total = 64 * MEGABYTE;
  let sent = 0;
  const server = await containerServer((socket) => {
    const chunk = Buffer.alloc(MEGABYTE, "x");
    const fill = () => {
      while (sent < total) {
        sent += chunk.length;
        if (!socket.write(chunk)) return void socket.once("drain", fill);
      }
      socket.end();
    };
    fill();
  });
  const proxied = proxy(portOf(server));
  const client = call(proxied.port);
  await once(client, "connect");
  client.pause();
  let before = -1;
  while (sent !== before) {
    before = sent;
    await delay(100);
  }
  expect(sent).toBeLessThan(total / 2);
  let received = 0;
  client.on("data", (bytes) => {
    received += bytes.length;
  });
  client.resume();
  await once(client, "end");
  expect(received).toBe(total);
  client.end();
  proxied.close();
  server.close();
});

test("clients and containers that break off leave nothing open", async () => {
  const sockets: Socket[] = [];
  const server = await containerServer((socket) => sockets.push(socket));
  const proxied = proxy(portOf(server));
  const before = openSockets();
  const gone = call(proxied.port);
  await until(() => sockets.length === 1);
  gone.on("error", () => {});
  sockets[0]!.resume();
  const noticed = closed(sockets[0]!);
  gone.resetAndDestroy();
  await noticed;
  // The container's process dies.
  const left = call(proxied.port);
  left.on("error", () => {});
  left.resume();
  await until(() => sockets.length === 2);
  const cut = closed(left);
  sockets[1]!.resetAndDestroy();
  await cut;
  left.destroy();
  await until(() => openSockets() <= before);
  // The port is given back while somebody talks.
  const talking = call(proxied.port);
  talking.on("error", () => {});
  talking.resume();
  await until(() => sockets.length === 3);
  const ended = closed(talking);
  proxied.close();
  proxied.close();
  await ended;
  openServedPort({ protocol: "tcp", address: "::1", port: proxied.port }).close();
  server.close();
});

test("a container that does not listen cuts its callers off; too many callers are refused", async () => {
  let callers = 0;
  const server = await containerServer((socket) => {
    callers++;
    socket.resume();
    socket.on("end", () => socket.end());
  });
  const share = new DescriptorShare(2);
  const proxied = proxy(portOf(server), share);
  const first = call(proxied.port);
  await until(() => callers === 1);
  const second = call(proxied.port);
  second.on("error", () => {});
  second.resume();
  await closed(second);
  expect(callers).toBe(1);
  first.resume();
  first.end();
  await closed(first);
  server.close();
  await until(() => share.take(2));
  share.giveBack(2);
  const third = call(proxied.port);
  third.on("error", () => {});
  third.resume();
  await closed(third);
  proxied.close();
});

test("datagrams: every client has a session of its own, which ends when nobody speaks", async () => {
  const peers = new Set<number>();
  const container = createSocket("udp4", (datagram, { port, address }) => {
    peers.add(port);
    container.send(`heard ${datagram}`, port, address);
  });
  container.bind(0, "127.0.0.1");
  await once(container, "listening");
  const share = new DescriptorShare(2);
  const port = freePort("udp");
  const proxied = new PortProxies({ share, sessionMs: 300 }).open(
    { protocol: "udp", address: "::1", port },
    { address: "127.0.0.1", port: container.address().port },
  );
  const before = openSockets();
  const ask = async (text: string) => {
    const client = createSocket("udp6");
    client.send(text, port, "::1");
    const [answer] = await once(client, "message");
    client.close();
    return String(answer);
  };
  expect(await Promise.all([ask("one"), ask("two")])).toEqual(["heard one", "heard two"]);
  expect(peers.size).toBe(2);
  expect(share.take(1)).toBe(false);
  await until(() => openSockets() <= before);
  expect(share.take(2)).toBe(true);
  share.giveBack(2);
  expect(await ask("three")).toBe("heard three");
  proxied.close();
  proxied.close();
  openServedPort({ protocol: "udp", address: "::1", port }).close();
  await until(() => share.take(2));
  container.close();
});
