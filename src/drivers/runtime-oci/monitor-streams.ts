import { notFound } from "../../base/errors.ts";
import type { AttachmentOptions, OutputChunk, TaskAttachment } from "../../core/tasks/task-runtime.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { connectSeqpacket, type SeqpacketConnection } from "../../os/linux/reactor/seqpacket.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { type StreamsBackend, StreamsClient } from "./streams-client.ts";

/** First byte of a packet from the monitor. */
const STDOUT_PACKET = 2;
const STDERR_PACKET = 3;
/** The monitor reads no more than that of one packet. */
const MAX_INPUT_BYTES = 8192;

export interface MonitorStreamsOptions {
  readonly socketPath: string;
  /** Whether the end of a client's input is the end of the program's. */
  readonly closesStdin: boolean;
}

/**
 * The standard streams of one monitored process, for any number of clients over one connection: the monitor closes
 * the program's stdin when any connection goes, so clients that come and go cannot have their own. The slowest client sets
 * the pace. The connection is made for the first client and goes with the last, except where its end would be the
 * end of an stdin that nobody has used yet: then it stays, read by nobody, to the end of the process.
 */
export class MonitorStreams {
  readonly #reactor: Reactor;
  readonly #options: MonitorStreamsOptions;
  #connection: Promise<Connection> | undefined;

  constructor(reactor: Reactor, options: MonitorStreamsOptions) {
    this.#reactor = reactor;
    this.#options = options;
  }

  /** A client that gets all output from now on. Errors: notFound where the monitor has ended. */
  async join({ stdin }: AttachmentOptions): Promise<TaskAttachment> {
    for (;;) {
      this.#connection ??= this.#connect();
      const connection = this.#connection;
      try {
        const client = (await connection).join(stdin);
        if (client) return client;
      } catch (error) {
        this.#forget(connection);
        throw error;
      }
      // Its last client left while this one waited for it.
      this.#forget(connection);
    }
  }

  #forget(connection: Promise<Connection>): void {
    if (this.#connection === connection) this.#connection = undefined;
  }

  async #connect(): Promise<Connection> {
    const { socketPath, closesStdin } = this.#options;
    try {
      return new Connection(await connectSeqpacket(this.#reactor, socketPath), closesStdin);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ECONNREFUSED", "ENOTDIR")) {
        throw notFound("cannot attach to a stopped container, start it first", { cause: error });
      }
      throw error;
    }
  }
}

/** A connection to a monitor and the clients on it. */
class Connection implements StreamsBackend {
  readonly #socket: SeqpacketConnection;
  readonly #closesStdin: boolean;
  readonly #clients = new Set<StreamsClient>();
  #stdinClosed = false;
  #ended = false;

  constructor(socket: SeqpacketConnection, closesStdin: boolean) {
    this.#socket = socket;
    this.#closesStdin = closesStdin;
    void this.#pump();
  }

  /** Undefined where this connection has ended. */
  join(usesStdin: boolean): StreamsClient | undefined {
    if (this.#ended) return undefined;
    const client = new StreamsClient(this, usesStdin);
    this.#clients.add(client);
    this.#socket.ref();
    return client;
  }

  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      for (let offset = 0; offset < bytes.byteLength; offset += MAX_INPUT_BYTES) {
        await this.#socket.send(bytes.subarray(offset, offset + MAX_INPUT_BYTES), signal);
      }
    } catch (error) {
      // The monitor is gone with its process, or the client left: there is nobody to read or to be told.
      if (isErrno(error, "EPIPE", "ECONNRESET", "ENOTCONN") || isAbort(error)) return;
      throw error;
    }
  }

  async closeStdin(): Promise<void> {
    if (!this.#closesStdin || this.#stdinClosed) return;
    this.#stdinClosed = true;
    await this.#socket.shutdownWrite();
  }

  leave(client: StreamsClient, usedStdin: boolean): void {
    this.#clients.delete(client);
    if (this.#ended) return;
    // A failure means that the process has ended, which the pump finds out.
    if (usedStdin) this.closeStdin().catch(() => {});
    if (this.#clients.size > 0) return;
    if (this.#closesStdin && !this.#stdinClosed) this.#socket.unref();
    else this.#end(undefined);
  }

  /** Hands every packet to every client, at the pace of the slowest. */
  async #pump(): Promise<void> {
    try {
      for (let packets = await this.#socket.read(); packets; packets = await this.#socket.read()) {
        const chunks = decodePackets(packets);
        const full = [...this.#clients].flatMap((client) => client.offer(chunks) ?? []);
        if (full.length > 0) await Promise.all(full);
      }
      this.#end(undefined);
    } catch (error) {
      // A monitor that ended with input unread resets the connection after the last packet.
      this.#end(isErrno(error, "ECONNRESET") ? undefined : error);
    }
  }

  #end(failure: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const client of this.#clients) client.finish(failure);
    this.#clients.clear();
    // Only the reactor's bookkeeping is left to wait for, and it cannot fail.
    void this.#socket.close();
  }
}

function decodePackets(packets: readonly Uint8Array[]): OutputChunk[] {
  const chunks: OutputChunk[] = [];
  for (const packet of packets) {
    const kind = packet[0];
    if (packet.byteLength < 2 || (kind !== STDOUT_PACKET && kind !== STDERR_PACKET)) continue;
    chunks.push({ stream: kind === STDERR_PACKET ? "stderr" : "stdout", bytes: packet.subarray(1) });
  }
  return chunks;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
