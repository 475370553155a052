import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { newId } from "../../base/ids.ts";
import type { Sandbox } from "../../core/networks/network-driver.ts";
import type { EndpointRecord, NetworkRecord } from "../../core/networks/network-record.ts";
import { bindDatagrams, receiveDatagram, sendDatagram } from "../../os/linux/inet-sockets.ts";
import { Reactor } from "../../os/linux/reactor/reactor.ts";
import { encodeSocketAddress } from "../../os/linux/socket-address.ts";
import { encodeName, encodeReply, parseQuery, RCODE, TYPE } from "../../spec/dns/mod.ts";
import { NetworkSandboxes } from "../network-sandbox/mod.ts";
import { Resolver } from "./mod.ts";
import { StreamMessages } from "./stream-messages.ts";

const UPSTREAM = "127.213.0.53";
const SERVER = encodeSocketAddress("127.0.0.11", 53);
const folder = mkdtempSync(join(tmpdir(), "gantry-dns-"));
const sandboxes = new NetworkSandboxes({ runRoot: folder });
const reactor = Reactor.start();
const network = { id: "n1", name: "blue", internal: false } as NetworkRecord;
let upstream: Socket;
let upstreamTcp: Server;
let resolver: Resolver;
let sandbox: Sandbox;
/** Names that the upstream was asked for. */
const asked: string[] = [];

function endpointOf(
  containerId: string,
  dnsNames: string[],
  address: string,
  changes: Partial<EndpointRecord> = {},
) {
  return {
    id: newId(),
    networkId: "n1",
    containerId,
    dnsNames,
    links: [],
    ipv4Address: address,
    ipv6Address: "",
    ipv4Gateway: "10.1.0.1",
    ipv6Gateway: "",
    ...changes,
  } as unknown as EndpointRecord;
}

/** The upstream knows `big.test` with 40 addresses, `silent.test` gets no answer, everything else does not exist. */
function upstreamAnswer(message: Uint8Array, tcp: boolean): Uint8Array | undefined {
  const query = parseQuery(message);
  if (query.kind !== "question") return undefined;
  const { question } = query;
  asked.push(question.name);
  if (question.name === "silent.test") return undefined;
  if (question.name !== "big.test") return encodeReply(question, RCODE.nameError, [], 512);
  const records = Array.from({ length: 40 }, (_, index) => ({
    type: TYPE.A,
    ttlSeconds: 1,
    data: Uint8Array.of(192, 0, 2, index),
  }));
  return encodeReply(question, RCODE.noError, records, tcp ? 65_535 : 512);
}

function query(name: string, type: number = TYPE.A): Uint8Array {
  const head = Uint8Array.of(7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  return Buffer.concat([head, encodeName(name), Uint8Array.of(0, type, 0, 1)]);
}

interface Reply {
  readonly rcode: number;
  readonly truncated: boolean;
  readonly answers: number;
  readonly text: string;
}

function readReply(bytes: Uint8Array): Reply {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  return {
    rcode: flags & 15,
    truncated: (flags & 0x200) !== 0,
    answers: view.getUint16(6),
    text: Buffer.from(bytes).toString("hex"),
  };
}

/** Sends datagrams from inside the sandbox; the answers that came, at least `count`. */
async function exchange(messages: Uint8Array[], count: number, timeoutMs = 6_000): Promise<Uint8Array[]> {
  using client = bindDatagrams({ address: "127.0.0.1", port: 0 }, sandbox.path);
  for (const message of messages) sendDatagram(client.fd, message, SERVER);
  const replies: Uint8Array[] = [];
  const buffer = new Uint8Array(65_535);
  while (replies.length < count) {
    await reactor.readable(client.fd, AbortSignal.timeout(timeoutMs));
    for (let got = receiveDatagram(client.fd, buffer); got; got = receiveDatagram(client.fd, buffer)) {
      replies.push(buffer.slice(0, got.sizeBytes));
    }
  }
  return replies;
}

const ask = async (name: string, type?: number) => readReply((await exchange([query(name, type)], 1))[0]!);

beforeAll(async () => {
  upstream = createSocket("udp4");
  await new Promise<void>((resolve) => upstream.bind(0, UPSTREAM, resolve));
  const { port } = upstream.address();
  upstream.on("message", (message, peer) => {
    const answer = upstreamAnswer(message, false);
    if (answer) upstream.send(answer, peer.port, peer.address);
  });
  upstreamTcp = createServer((socket) => {
    const messages = new StreamMessages(65_535);
    socket.on("data", (bytes: Buffer) => {
      for (const message of messages.push(bytes))
        socket.write(StreamMessages.frame(upstreamAnswer(message, true)!));
    });
  });
  await new Promise<void>((resolve) => upstreamTcp.listen(port, UPSTREAM, resolve));
  resolver = new Resolver({ reactor, forwarder: { port } });
  sandbox = await sandboxes.create("c1");
  resolver.addEndpoint(network, endpointOf("c1", ["asker"], "10.1.0.2"));
  resolver.addEndpoint(network, endpointOf("c2", ["web", "www"], "10.1.0.3"));
  resolver.addEndpoint(network, endpointOf("c3", ["cache", "www"], "10.1.0.4"));
  await resolver.serve(sandbox, { servers: [UPSTREAM], keepsSingleNames: false });
});

afterAll(async () => {
  await resolver.close();
  await sandboxes.remove("c1");
  await reactor.stop();
  upstream.close();
  upstreamTcp.close();
  rmSync(folder, { recursive: true });
});

test("names of the network are answered here, of one kind or none", async () => {
  asked.length = 0;
  expect(await ask("WEB")).toMatchObject({ rcode: 0, answers: 1, text: expect.stringContaining("0a010003") });
  expect(await ask("web.blue")).toMatchObject({ answers: 1 });
  expect(await ask("www")).toMatchObject({ answers: 2 });
  expect(await ask("web", TYPE.AAAA)).toMatchObject({ rcode: 0, answers: 0 });
  expect(await ask("host.docker.internal")).toMatchObject({ text: expect.stringContaining("0a010001") });
  const reverse = await ask("3.0.1.10.in-addr.arpa", TYPE.PTR);
  expect(reverse.text).toContain(Buffer.from(encodeName("web.blue")).toString("hex"));
  expect(asked).toEqual([]);
});

test("a name of the network has no records of other kinds, and nobody outside hears of it", async () => {
  const HTTPS = 65;
  asked.length = 0;
  for (const type of [TYPE.MX, 16, HTTPS]) {
    expect(await ask("web", type)).toMatchObject({ rcode: RCODE.noError, answers: 0 });
  }
  expect(asked).toEqual([]);
  expect(await ask("elsewhere.test", HTTPS)).toMatchObject({ rcode: RCODE.nameError });
  expect(asked).toEqual(["elsewhere.test"]);
});

test("both orders of a shared name come", async () => {
  const firsts = new Set<string>();
  for (let round = 0; round < 60 && firsts.size < 2; round++) {
    const { text } = await ask("www");
    firsts.add(text.indexOf("0a010003") < text.indexOf("0a010004") ? "web" : "cache");
  }
  expect(firsts.size).toBe(2);
});

test("foreign names are asked for outside; a long answer says so and comes whole over TCP", async () => {
  expect(await ask("nowhere.test")).toMatchObject({ rcode: RCODE.nameError });
  expect(await ask("big.test")).toMatchObject({ truncated: true });
  const script = `const s=require("net").connect(53,"127.0.0.11");
    s.on("connect",()=>s.write(Buffer.from(process.argv[1],"hex")));let n=Buffer.alloc(0);
    s.on("data",b=>{n=Buffer.concat([n,b]);if(n.length>=2&&n.length>=2+n.readUInt16BE(0)){console.log(n.subarray(2).toString("hex"));process.exit()}})`;
  const framed = Buffer.from(StreamMessages.frame(query("big.test"))).toString("hex");
  const client = ["nsenter", `--net=${sandbox.path}`, process.execPath, "-e", script, framed] as const;
  const { stdout } = await promisify(execFile)(client[0], client.slice(1));
  expect(readReply(Buffer.from(stdout.trim(), "hex"))).toMatchObject({ truncated: false, answers: 40 });
});

test("a silent server ends in a failure, and an internal network asks nobody", async () => {
  expect(await ask("silent.test")).toMatchObject({ rcode: RCODE.serverFailure });
  asked.length = 0;
  const own = endpointOf("c1", ["asker"], "10.1.0.2", { networkId: "n2", id: "closed" });
  const inner = new Resolver({ reactor });
  inner.addEndpoint({ ...network, id: "n2", internal: true }, own);
  const other = await sandboxes.create("c1");
  await resolver.stop("c1");
  await inner.serve(other, { servers: [UPSTREAM], keepsSingleNames: false });
  expect(await ask("nowhere.test")).toMatchObject({ rcode: RCODE.serverFailure });
  expect(asked).toEqual([]);
  await inner.close();
  await resolver.serve(sandbox, { servers: [UPSTREAM], keepsSingleNames: false });
}, 15_000);

test("garbage gets nothing or an error, and questions behind it are answered", async () => {
  const garbage = Array.from({ length: 50 }, (_, index) => crypto.getRandomValues(new Uint8Array(index + 1)));
  const replies = await exchange([...garbage, new Uint8Array(9_000), query("web")], 1);
  for (
    let round = 0;
    round < 20 && !replies.some((bytes) => readReply(bytes).text.includes("0a010003"));
    round++
  ) {
    replies.push(...(await exchange([query("web")], 1)));
  }
  expect(replies.some((bytes) => readReply(bytes).text.includes("0a010003"))).toBe(true);
});

test("a flood for foreign names leaves room for the names of the network", async () => {
  const flood = Array.from({ length: 200 }, (_, index) =>
    query(index % 2 ? "silent.test" : `n${index}.test`),
  );
  void exchange(flood, 1).catch(() => {});
  const startMs = performance.now();
  expect(await ask("web")).toMatchObject({ answers: 1 });
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
