import { expect, test } from "bun:test";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  CLASS_IN,
  encodeName,
  encodeReply,
  parseQuery,
  type Question,
  RCODE,
  TYPE,
} from "../../spec/dns/mod.ts";
import { Forwarder } from "./forwarder.ts";

const SERVER = "127.0.0.1";

function message(name: string): Uint8Array {
  const head = Uint8Array.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  return Buffer.concat([head, encodeName(name), Uint8Array.of(0, TYPE.A, 0, CLASS_IN)]);
}

function questionOf(bytes: Uint8Array): Question {
  const query = parseQuery(bytes);
  if (query.kind !== "question") throw new Error("no question");
  return query.question;
}

/** A server that answers nobody before it has been asked so often, and then everybody. */
async function startServer(answersAfter: number): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket("udp4");
  const waiting: Array<() => void> = [];
  let asked = 0;
  socket.on("message", (bytes, peer) => {
    const reply = encodeReply(questionOf(bytes), RCODE.nameError, [], 512);
    waiting.push(() => socket.send(reply, peer.port, peer.address));
    if (++asked >= answersAfter) for (const answer of waiting.splice(0)) answer();
  });
  socket.bind(0, SERVER);
  await once(socket, "listening");
  // Room for all the questions, which come in one burst.
  socket.setRecvBufferSize(4 * 1024 * 1024);
  return { socket, port: socket.address().port };
}

function ask(forwarder: Forwarder, asker: string, name: string) {
  const bytes = message(name);
  return forwarder.ask(asker, questionOf(bytes), bytes, [SERVER], "udp");
}

test("more questions than docker has room for are on their way at once, and all are answered", async () => {
  const { socket, port } = await startServer(1_200);
  const forwarder = new Forwarder({ port });
  const answers = await Promise.all(
    Array.from({ length: 1_200 }, (_, index) => ask(forwarder, `c${index % 8}`, `n${index}.test`)),
  );
  expect(answers.filter(Boolean)).toHaveLength(1_200);
  socket.close();
});

test("one container's flood takes its own share and nobody else's", async () => {
  const { socket, port } = await startServer(11);
  const forwarder = new Forwarder({ port, maxInFlight: 100, maxInFlightOfOne: 10 });
  const flood = Array.from({ length: 50 }, (_, index) => ask(forwarder, "loud", `n${index}.test`));
  const quiet = ask(forwarder, "quiet", "quiet.test");
  expect((await Promise.all(flood)).filter(Boolean)).toHaveLength(10);
  expect(await quiet).toBeDefined();
  // What was on its way has come to an end, so there is room again.
  expect(await ask(forwarder, "loud", "later.test")).toBeDefined();
  socket.close();
});
