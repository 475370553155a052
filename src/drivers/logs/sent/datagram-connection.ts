import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isErrno } from "../../../os/linux/syscall-error.ts";
import type { SinkAddress } from "./address.ts";
import type { SinkConnection } from "./connection.ts";

/** UDP: what was sent is sent, whether somebody listens or not. */
export class DatagramConnection implements SinkConnection {
  readonly #address: SinkAddress;
  #socket: Socket | undefined;
  #peer: string | undefined;

  constructor(address: SinkAddress) {
    this.#address = address;
  }

  async send(messages: readonly Buffer[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { socket, peer } = await this.#open();
    try {
      for (const message of messages) await this.#sendOne(socket, peer, message);
    } catch (error) {
      // The peer's name may have got another address meanwhile.
      this.#peer = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  async #open(): Promise<{ readonly socket: Socket; readonly peer: string }> {
    const { address, family } = this.#peer
      ? { address: this.#peer, family: undefined }
      : await lookup(this.#address.host || "localhost");
    this.#peer = address;
    if (!this.#socket) {
      this.#socket = createSocket(family === 6 ? "udp6" : "udp4");
      this.#socket.unref();
      // Errors of a send are given to its own callback.
      this.#socket.on("error", () => {});
    }
    return { socket: this.#socket, peer: address };
  }

  #sendOne(socket: Socket, peer: string, message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      socket.send(message, this.#address.port, peer, (error) => {
        // Nobody listens, or the datagram is too long for the way: sending again would change nothing.
        if (error && !isErrno(error, "ECONNREFUSED", "EMSGSIZE")) reject(error);
        else resolve();
      });
    });
  }
}
