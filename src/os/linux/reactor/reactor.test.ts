import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { closeFd, O_CLOEXEC, OwnedFd, openEventFd, openSocketPair, writeFd } from "../fd.ts";
import { accept4, bindSocket, listen, shutdown, socket } from "../libc.ts";
import { openPidFd, signalPidFd } from "../pidfd.ts";
import { check } from "../syscall-error.ts";
import { Reactor } from "./reactor.ts";
import { connectSeqpacket, SeqpacketConnection } from "./seqpacket.ts";
import { openUnixAddress } from "./unix-address.ts";
import { type FileEvent, watchDirectory } from "./watch-directory.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;

let reactor: Reactor;
let directory: string;
beforeAll(() => {
  reactor = Reactor.start();
  directory = mkdtempSync(join(tmpdir(), "gantry-reactor-"));
});
afterAll(async () => {
  await reactor.stop();
  rmSync(directory, { recursive: true });
});

function openPair(): [SeqpacketConnection, SeqpacketConnection] {
  const [left, right] = openSocketPair(SOCK_SEQPACKET);
  return [new SeqpacketConnection(reactor, left), new SeqpacketConnection(reactor, right)];
}

async function readAll(connection: SeqpacketConnection): Promise<string[]> {
  const texts: string[] = [];
  for await (const packet of connection) texts.push(Buffer.from(packet).toString());
  return texts;
}

test("packets keep their borders and order, and the end is read after them", async () => {
  const [left, right] = openPair();
  await using _left = left;
  await using _right = right;
  await Promise.all(["one", "two", "three"].map((text) => left.send(Buffer.from(text))));
  await left.shutdownWrite();
  await right.send(Buffer.from("back"));
  await right.shutdownWrite();
  expect(await readAll(right)).toEqual(["one", "two", "three"]);
  expect(await readAll(left)).toEqual(["back"]);
});

test("a reader that does not read stops the writer, and nothing is lost", async () => {
  const [left, right] = openPair();
  await using _left = left;
  await using _right = right;
  const packet = Buffer.alloc(8192, 7);
  const total = 1000;
  let sent = 0;
  const sending = (async () => {
    for (; sent < total; sent++) await left.send(packet);
    await left.shutdownWrite();
  })();
  const first = await right.read();
  // Two round trips through the reactor: whatever could still arrive has arrived.
  for (let round = 0; round < 2; round++) {
    using event = openEventFd();
    writeFd(event.fd, new Uint8Array(new BigUint64Array([1n]).buffer));
    await reactor.readable(event.fd);
  }
  expect(sent * packet.byteLength).toBeLessThan(2 * 1024 * 1024);
  let received = first!.length;
  for (let packets = await right.read(); packets; packets = await right.read()) received += packets.length;
  await sending;
  expect(received).toBe(total);
});

test("closing ends a waiting read and fails a waiting send", async () => {
  const [left, right] = openPair();
  await using _right = right;
  const reading = left.read();
  const packet = Buffer.alloc(8192);
  const sends = Array.from({ length: 200 }, () =>
    left.send(packet).then(
      () => "sent",
      (error) => error.name,
    ),
  );
  await left.close();
  await left.close();
  expect(await reading).toBeUndefined();
  const outcomes = new Set(await Promise.all(sends));
  expect(outcomes).toContain("AbortError");
});

test("a vanished peer is an error to the sender", async () => {
  const [left, right] = openPair();
  await right.close();
  await expect(left.send(Buffer.from("x"))).rejects.toMatchObject({ code: "EPIPE" });
  expect(await left.read()).toBeUndefined();
  await left.close();
});

test("a peer has hung up when both of its directions are closed", async () => {
  const [left, right] = openSocketPair(SOCK_STREAM);
  using _left = left;
  let told = false;
  const hungUp = reactor.hungUp(left.fd).then(() => {
    told = true;
  });
  const SHUT_WR = 1;
  check("shutdown", shutdown(right.fd, SHUT_WR));
  await reactor.readable(left.fd);
  expect(told).toBe(false);
  right.close();
  await hungUp;
});

test("connects to a path that is too long for a socket address", async () => {
  const path = join(directory, "d".repeat(100), "e".repeat(100), "attach");
  mkdirSync(dirname(path), { recursive: true });
  using listener = new OwnedFd(check("socket", socket(AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC, 0)));
  using address = openUnixAddress(path);
  check("bind", bindSocket(listener.fd, address.bytes, address.bytes.byteLength));
  check("listen", listen(listener.fd, 4));
  await using client = await connectSeqpacket(reactor, path);
  const server = new SeqpacketConnection(
    reactor,
    new OwnedFd(check("accept4", accept4(listener.fd, null, null, O_CLOEXEC))),
  );
  await server.send(Buffer.from("hello"));
  await server.close();
  expect(await readAll(client)).toEqual(["hello"]);
  await expect(connectSeqpacket(reactor, join(directory, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a process's end is noticed through its pidfd", async () => {
  const child = spawn("sleep", ["60"]);
  using pidfd = openPidFd(child.pid!);
  const exited = reactor.onPidfdExit(pidfd.fd);
  const reaped = once(child, "exit");
  expect(signalPidFd(pidfd.fd, 15)).toBe(true);
  await exited;
  await reaped;
  expect(signalPidFd(pidfd.fd, 0)).toBe(false);
  expect(() => openPidFd(child.pid!)).toThrow("no such process");
});

test("waiting for readiness can be aborted", async () => {
  using event = openEventFd();
  const controller = new AbortController();
  const waiting = reactor.readable(event.fd, controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
});

test("finished files in a watched directory are reported", async () => {
  const watched = join(directory, "exits");
  mkdirSync(watched);
  const events: FileEvent[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = watchDirectory(
    reactor,
    watched,
    (event) => {
      events.push(event);
      if (event.kind === "movedTo") resolve();
    },
    { kinds: ["closeWrite", "movedTo"] },
  );
  writeFileSync(join(watched, "plain"), "0");
  writeFileSync(join(directory, "temporary"), "0");
  renameSync(join(directory, "temporary"), join(watched, "final"));
  await promise;
  await watch[Symbol.asyncDispose]();
  expect(events).toEqual([
    { kind: "closeWrite", name: "plain" },
    { kind: "movedTo", name: "final" },
  ]);
  expect(() => watchDirectory(reactor, join(directory, "missing"), () => {})).toThrow("no such file");
});

test("slots and descriptors are given back", async () => {
  const count = () => readdirSync("/proc/self/fd").length;
  const rounds = async (number: number) => {
    for (let round = 0; round < number; round++) {
      const [left, right] = openPair();
      await left.send(Buffer.from("x"));
      await right.read();
      await Promise.all([left.close(), right.close()]);
    }
  };
  await rounds(5);
  const before = count();
  await rounds(100);
  expect(count()).toBeLessThanOrEqual(before);
});

test("a stopped reactor ends its watches and takes no more", async () => {
  const own = Reactor.start();
  const [left, right] = openSocketPair(SOCK_SEQPACKET);
  const connection = new SeqpacketConnection(own, left);
  await own.stop();
  await own.stop();
  await connection.close();
  expect(() => own.watchReadable(right.fd, () => {})).toThrow("stopped");
  closeFd(right.release());
});
