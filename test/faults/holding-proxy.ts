import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between an engine and a registry, and can stop what the engine sends. */
export interface HoldingProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** From now on a connection is held once it has sent so many bytes; resolves when one is. */
  holdAfter(bytes: number): Promise<void>;
  /** From now on everything passes; connections that are held stay so. */
  release(): void;
}

/** A proxy of TCP connections to `behind`, as `host:port`. */
export async function startHoldingProxy(behind: string): Promise<HoldingProxy> {
  const target = new URL(`http://${behind}`);
  const sockets = new Set<Socket>();
  let limit = Number.POSITIVE_INFINITY;
  let held = Promise.withResolvers<void>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    // Ends are what this is for; the other side is told of them.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    const registry = keep(connect(Number(target.port), target.hostname));
    keep(client);
    let sent = 0;
    client.on("data", (chunk) => {
      sent += chunk.length;
      registry.write(chunk);
      if (sent < limit) return;
      client.pause();
      held.resolve();
    });
    registry.on("data", (chunk) => client.write(chunk));
    client.on("close", () => registry.destroy());
    registry.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdAfter(bytes) {
      limit = bytes;
      held = Promise.withResolvers();
      return held.promise;
    },
    release() {
      limit = Number.POSITIVE_INFINITY;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
