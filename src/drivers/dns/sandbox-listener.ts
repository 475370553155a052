import { createHash } from "node:crypto";
import type { Sandbox } from "../../core/networks/network-driver.ts";
import type { OwnedFd } from "../../os/linux/fd.ts";
import {
  acceptStream,
  type BoundSocket,
  bindDatagrams,
  listenStreams,
  receiveDatagram,
  sendDatagram,
  writeStream,
} from "../../os/linux/inet-sockets.ts";
import type { DataWatch, Reactor, ReadyWatch } from "../../os/linux/reactor/reactor.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { MAX_MESSAGE_BYTES } from "../../spec/dns/mod.ts";
import type { Transport } from "./forwarder.ts";
import { RESOLVER_ADDRESS } from "./redirect.ts";
import { StreamMessages } from "./stream-messages.ts";

/** Answers one message; nothing is sent for undefined. */
export type Answer = (
  message: Uint8Array,
  transport: Transport,
) => Promise<Uint8Array | undefined> | Uint8Array | undefined;

/** Datagrams that are served before others get their turn. */
const MAX_DATAGRAMS_A_TURN = 64;
const MAX_QUERY_BYTES = 4_096;
const MAX_CONNECTIONS = 32;
const IDLE_MS = 10_000;
/** Linux's usual first and last port for outgoing connections. */
const FIRST_PORT = 32_768;
const LAST_PORT = 60_999;

const buffer = new Uint8Array(MAX_QUERY_BYTES);

/** The ports of one container, the same in each life of the engine, so that programs that keep a socket open go on. */
function usualPorts(containerId: string): [udp: number, tcp: number] {
  const digest = createHash("sha256").update(containerId).digest();
  const port = (offset: number) => FIRST_PORT + (digest.readUInt32LE(offset) % (LAST_PORT - FIRST_PORT + 1));
  return [port(0), port(4)];
}

function bindUsual(bind: typeof bindDatagrams, port: number, namespace: string): BoundSocket {
  try {
    return bind({ address: RESOLVER_ADDRESS, port }, namespace);
  } catch (error) {
    // A program of the container has it: any other does.
    if (!isErrno(error, "EADDRINUSE")) throw error;
    return bind({ address: RESOLVER_ADDRESS, port: 0 }, namespace);
  }
}

/** The resolver's sockets in one sandbox. */
export class SandboxListener implements AsyncDisposable {
  readonly #reactor: Reactor;
  readonly #answer: Answer;
  readonly #datagrams: BoundSocket;
  readonly #streams: BoundSocket;
  readonly #watches: ReadyWatch[] = [];
  readonly #connections = new Set<Connection>();
  #closed = false;

  /** The sockets are bound and served. Errors: SyscallError. */
  constructor(reactor: Reactor, sandbox: Sandbox, answer: Answer) {
    this.#reactor = reactor;
    this.#answer = answer;
    const [udpPort, tcpPort] = usualPorts(sandbox.containerId);
    using undo = new DisposableStack();
    this.#datagrams = undo.use(bindUsual(bindDatagrams, udpPort, sandbox.path));
    this.#streams = undo.use(bindUsual(listenStreams, tcpPort, sandbox.path));
    this.#watch(this.#datagrams.fd, () => this.#serveDatagrams());
    this.#watch(this.#streams.fd, () => this.#serveConnections());
    undo.move();
  }

  get udpPort(): number {
    return this.#datagrams.port;
  }

  get tcpPort(): number {
    return this.#streams.port;
  }

  /** Nothing holds the namespace any more. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([
      ...this.#watches.map((watch) => watch.close()),
      ...[...this.#connections].map((connection) => connection.close()),
    ]);
    this.#datagrams.close();
    this.#streams.close();
  }

  #watch(fd: number, serve: () => void): void {
    const watch = this.#reactor.watchReadable(
      fd,
      () => {
        if (this.#closed) return;
        serve();
        watch.rearm();
      },
      { keepAlive: false },
    );
    this.#watches.push(watch);
  }

  #serveDatagrams(): void {
    const { fd } = this.#datagrams;
    for (let count = 0; count < MAX_DATAGRAMS_A_TURN; count++) {
      const datagram = receiveDatagram(fd, buffer);
      if (!datagram) return;
      if (datagram.sizeBytes > MAX_QUERY_BYTES) continue;
      const answer = this.#answer(buffer.slice(0, datagram.sizeBytes), "udp");
      if (answer instanceof Promise) void answer.then((bytes) => this.#reply(bytes, datagram.peer));
      else this.#reply(answer, datagram.peer);
    }
  }

  #reply(bytes: Uint8Array | undefined, peer: Uint8Array): void {
    if (bytes && !this.#closed) sendDatagram(this.#datagrams.fd, bytes, peer);
  }

  #serveConnections(): void {
    for (let fd = acceptStream(this.#streams.fd); fd; fd = acceptStream(this.#streams.fd)) {
      if (this.#connections.size >= MAX_CONNECTIONS) {
        fd.close();
        continue;
      }
      const connection = new Connection(this.#reactor, fd, this.#answer, () =>
        this.#connections.delete(connection),
      );
      this.#connections.add(connection);
    }
  }
}

/** One TCP connection of a container's program; questions on it are answered one after the other. */
class Connection {
  readonly #reactor: Reactor;
  readonly #fd: OwnedFd;
  readonly #watch: DataWatch;
  readonly #messages = new StreamMessages(MAX_MESSAGE_BYTES);
  readonly #ended: () => void;
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout;
  #turn: Promise<void> = Promise.resolve();

  constructor(reactor: Reactor, fd: OwnedFd, answer: Answer, ended: () => void) {
    this.#reactor = reactor;
    this.#fd = fd;
    this.#ended = ended;
    this.#timer = setTimeout(() => void this.close(), IDLE_MS).unref();
    this.#watch = reactor.watchBytes(
      fd.fd,
      {
        data: (bytes) => {
          this.#timer.refresh();
          // Credit comes back with the answers, so a peer that only asks is not read on.
          const asked = this.#messages.push(bytes);
          this.#turn = this.#turn.then(async () => {
            for (const message of asked) await this.#serve(message, answer);
            this.#watch.consumed(bytes.byteLength);
            if (this.#messages.broken) await this.close();
          });
          // A connection that broke is over; whoever asked notices.
          this.#turn.catch(() => this.close());
        },
        end: () => void this.#turn.finally(() => this.close()).catch(() => {}),
      },
      { keepAlive: false },
    );
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    clearTimeout(this.#timer);
    await this.#watch.close();
    this.#fd.close();
    this.#ended();
  }

  async #serve(message: Uint8Array, answer: Answer): Promise<void> {
    const reply = await answer(message, "tcp");
    if (!reply) return;
    let rest = StreamMessages.frame(reply);
    while (rest.byteLength > 0 && !this.#end.signal.aborted) {
      rest = rest.subarray(writeStream(this.#fd.fd, rest));
      if (rest.byteLength > 0) {
        await this.#reactor.writable(this.#fd.fd, this.#end.signal, { keepAlive: false });
      }
    }
    this.#timer.refresh();
  }
}
