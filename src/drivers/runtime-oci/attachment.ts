import { notFound } from "../../base/errors.ts";
import type { OutputChunk, TaskAttachment } from "../../core/tasks/task-runtime.ts";
import type { Reactor } from "../../os/linux/reactor/reactor.ts";
import { connectSeqpacket, type SeqpacketConnection } from "../../os/linux/reactor/seqpacket.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

/** First byte of a packet from the monitor. */
const STDOUT_PACKET = 2;
const STDERR_PACKET = 3;
/** The monitor reads no more than that of one packet. */
const MAX_INPUT_BYTES = 8192;

export interface AttachmentOptions {
  /** Whether the end of a client's input is the end of the program's. */
  readonly closesStdin: boolean;
}

/** A client's connection to a monitor. */
export class MonitorAttachment implements TaskAttachment {
  readonly output: AsyncIterable<OutputChunk>;
  readonly #connection: SeqpacketConnection;
  readonly #closesStdin: boolean;
  readonly #closed = Promise.withResolvers<undefined>();
  #isClosed = false;
  #hasWritten = false;
  #reading: Promise<Uint8Array[] | undefined> | undefined;

  constructor(connection: SeqpacketConnection, options: AttachmentOptions) {
    this.#connection = connection;
    this.#closesStdin = options.closesStdin;
    this.output = this.#readChunks();
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hasWritten = true;
    try {
      for (let offset = 0; offset < bytes.byteLength; offset += MAX_INPUT_BYTES) {
        await this.#connection.send(bytes.subarray(offset, offset + MAX_INPUT_BYTES));
      }
    } catch (error) {
      // The monitor is gone with its process, or this end was closed: there is nobody left to read.
      if (isErrno(error, "EPIPE", "ECONNRESET", "ENOTCONN") || isAbort(error)) return;
      throw error;
    }
  }

  async closeStdin(): Promise<void> {
    if (!this.#closesStdin) return;
    this.#hasWritten = true;
    await this.#connection.shutdownWrite();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closed.resolve(undefined);
    // The monitor closes the program's stdin when any client goes, so one that only watched stays, unseen, to the end.
    if (this.#closesStdin && !this.#hasWritten) void this.#drain();
    // Only the reactor's bookkeeping is left to wait for, and it cannot fail.
    else void this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *#readChunks(): AsyncGenerator<OutputChunk, void, undefined> {
    while (!this.#isClosed) {
      const packets = await Promise.race([this.#read(), this.#closed.promise]);
      if (packets === undefined) return;
      for (const packet of packets) {
        const kind = packet[0];
        if (packet.byteLength < 2 || (kind !== STDOUT_PACKET && kind !== STDERR_PACKET)) continue;
        yield { stream: kind === STDERR_PACKET ? "stderr" : "stdout", bytes: packet.subarray(1) };
      }
    }
  }

  /** The next packets; undefined at the end. The connection has one reader at a time. */
  #read(): Promise<Uint8Array[] | undefined> {
    this.#reading ??= this.#connection
      .read()
      .catch((error) => {
        // A monitor that ended with input unread resets the connection after the last packet.
        if (isErrno(error, "ECONNRESET")) return undefined;
        throw error;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  async #drain(): Promise<void> {
    this.#connection.unref();
    try {
      while ((await this.#read()) !== undefined);
    } catch {
      // Nobody is there to be told, and the connection has ended with the error.
    }
    await this.#connection.close();
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Connects to the monitor behind `socketPath`. Errors: notFound where the monitor has ended. */
export async function attachToMonitor(
  reactor: Reactor,
  socketPath: string,
  options: AttachmentOptions,
): Promise<MonitorAttachment> {
  try {
    return new MonitorAttachment(await connectSeqpacket(reactor, socketPath), options);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ECONNREFUSED", "ENOTDIR")) {
      throw notFound("cannot attach to a stopped container, start it first", { cause: error });
    }
    throw error;
  }
}
