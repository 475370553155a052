import type { Reactor } from "../../../os/linux/reactor/reactor.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";
import { UnixDatagram } from "../../../os/linux/unix-datagram.ts";
import type { SinkConnection } from "./connection.ts";

/** Datagrams to the first of some paths where somebody listens. */
export class UnixDatagramConnection implements SinkConnection {
  readonly #reactor: Reactor;
  readonly #paths: readonly string[];
  #socket: UnixDatagram | undefined;

  constructor(reactor: Reactor, paths: readonly string[]) {
    this.#reactor = reactor;
    this.#paths = paths;
  }

  async send(messages: readonly Buffer[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#socket ??= this.#connect();
    try {
      for (const message of messages) await this.#socket.send(message, signal);
    } catch (error) {
      this.#socket?.[Symbol.dispose]();
      this.#socket = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.[Symbol.dispose]();
    this.#socket = undefined;
  }

  #connect(): UnixDatagram {
    let failure: unknown = new Error("no path of a log socket is known");
    for (const path of this.#paths) {
      try {
        return UnixDatagram.connect(this.#reactor, path);
      } catch (error) {
        if (!isErrno(error, "ENOENT", "ECONNREFUSED")) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}
