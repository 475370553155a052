import { connect as connectPlain, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { SinkAddress } from "./address.ts";
import type { SinkConnection } from "./connection.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/** A stream socket: TCP, TLS or unix. */
export class StreamConnection implements SinkConnection {
  readonly #address: SinkAddress;
  readonly #tls: (() => Promise<ConnectionOptions>) | undefined;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #onData: () => void = () => {};

  constructor(address: SinkAddress, tls?: () => Promise<ConnectionOptions>) {
    this.#address = address;
    this.#tls = tls;
  }

  async send(messages: readonly Buffer[], signal: AbortSignal): Promise<void> {
    const socket = await this.#connect(signal);
    await this.#until(socket, signal, (done) => {
      socket.write(Buffer.concat(messages), (error) => done(error ?? undefined));
    });
  }

  /**
   * What the peer has sent since the last call, as soon as `parse` makes something of it. Rejects when the connection breaks.
   */
  async receive<T>(parse: (bytes: Buffer) => T | undefined, signal: AbortSignal): Promise<T> {
    const socket = await this.#connect(signal);
    let found: T | undefined;
    await this.#until(socket, signal, (done) => {
      this.#onData = () => {
        found = parse(this.#received);
        if (found !== undefined) done(undefined);
      };
      this.#onData();
    });
    this.#received = Buffer.alloc(0);
    return found!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket || socket.destroyed) return;
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.end(() => socket.destroy());
    await closed;
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    signal.throwIfAborted();
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const { host, port, path, protocol } = this.#address;
    const where = protocol === "unix" ? { path } : { host, port };
    const socket =
      protocol === "tcp+tls"
        ? connectTls({ ...(await this.#tls?.()), host, port, servername: host })
        : connectPlain(where);
    const ready = protocol === "tcp+tls" ? "secureConnect" : "connect";
    socket.unref();
    socket.setNoDelay(true);
    // What goes wrong later is seen by the next write, which finds the socket destroyed.
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#onData();
    });
    // A peer that will send no more takes no more either: better found out now than by a lost write.
    socket.on("end", () => socket.destroy());
    this.#received = Buffer.alloc(0);
    this.#socket = socket;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
    await this.#until(socket, bounded, (done) => socket.once(ready, () => done(undefined)));
    return socket;
  }

  /** Runs until `done` is called; a broken connection, an aborted signal or an error ends it and the connection. */
  async #until(
    socket: Socket,
    signal: AbortSignal,
    task: (done: (error: Error | undefined) => void) => void,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    const onError = (error: Error) => reject(error);
    const onClose = () => reject(new Error("the connection to the log sink was closed"));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    socket.once("close", onClose);
    try {
      task((error) => (error ? reject(error) : resolve()));
      await promise;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      this.#onData = () => {};
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.off("close", onClose);
    }
  }
}
