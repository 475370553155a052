import type { LogSink, SinkRetry } from "../../../core/logs/log-driver.ts";
import type { LogEntry } from "../../../core/logs/log-store.ts";
import type { SinkConnection } from "./connection.ts";

/** Entries handed over at once: what is sent twice after a broken connection stays little. */
const MAX_ENTRIES = 256;

/** Sends each entry as a message of its own, or as a few. */
export class MessageSink implements LogSink {
  readonly retry?: SinkRetry;
  readonly #connection: SinkConnection;
  readonly #encode: (entry: LogEntry) => readonly Buffer[];

  constructor(
    connection: SinkConnection,
    encode: (entry: LogEntry) => readonly Buffer[],
    retry?: SinkRetry | undefined,
  ) {
    this.#connection = connection;
    this.#encode = encode;
    if (retry) this.retry = retry;
  }

  async write(entries: readonly LogEntry[], signal: AbortSignal): Promise<number> {
    const taken = entries.slice(0, MAX_ENTRIES);
    const messages = taken.flatMap((entry) => this.#encode(entry));
    if (messages.length > 0) await this.#connection.send(messages, signal);
    return taken.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

const NEWLINE = 0x0a;

/** An entry's line without its newline. */
export function lineOf({ bytes }: LogEntry): Buffer {
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return line.at(-1) === NEWLINE ? line.subarray(0, -1) : line;
}
