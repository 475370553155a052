import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** A stream server that keeps what it gets. */
export class SinkServer implements AsyncDisposable {
  readonly sockets: Socket[] = [];
  received: Buffer = Buffer.alloc(0);
  readonly #server: Server;
  #wake = () => {};
  /** Called with all that was received so far, after each piece. */
  answer: (socket: Socket) => void = () => {};

  private constructor(server: Server, connections: "connection" | "secureConnection") {
    this.#server = server;
    server.on(connections, (socket: Socket) => {
      this.sockets.push(socket);
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => {
        this.received = Buffer.concat([this.received, bytes]);
        this.answer(socket);
        this.#wake();
      });
    });
  }

  static async listen(where: { port: number } | { path: string }, tls?: TlsOptions): Promise<SinkServer> {
    const server = tls ? createTlsServer(tls) : createServer();
    const sink = new SinkServer(server, tls ? "secureConnection" : "connection");
    server.listen("port" in where ? { ...where, host: "127.0.0.1" } : where);
    await once(server, "listening");
    return sink;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Resolves once `test` holds for what was received. */
  async until(test: (received: Buffer) => boolean): Promise<Buffer> {
    while (!test(this.received)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A UDP server; `next` gives its datagrams one by one. */
export async function listenUdp(): Promise<
  { readonly port: number; next(): Promise<Buffer> } & AsyncDisposable
> {
  const socket = createSocket("udp4");
  const queue: Buffer[] = [];
  let wake = () => {};
  socket.on("message", (message) => {
    queue.push(message);
    wake();
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    async next() {
      while (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return queue.shift()!;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
