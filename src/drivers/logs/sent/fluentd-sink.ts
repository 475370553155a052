import { randomBytes } from "node:crypto";
import type { LogSink, SinkRetry } from "../../../core/logs/log-driver.ts";
import type { LogEntry } from "../../../core/logs/log-store.ts";
import type { SinkAddress } from "./address.ts";
import { lineOf } from "./message-sink.ts";
import { packArrayHeader, packEventTime, packMap, packString, packUint32, unpackTextMap } from "./msgpack.ts";
import { StreamConnection } from "./stream-connection.ts";

export interface FluentdSinkOptions {
  readonly address: SinkAddress;
  readonly tag: string;
  /** Fields of every record. */
  readonly fields: Readonly<Record<string, string>>;
  readonly subSecond: boolean;
  /** The peer confirms each message; one that it does not confirm is sent again. */
  readonly requestAck: boolean;
  /** 0 for none. */
  readonly writeTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly retry?: SinkRetry;
  readonly maxBacklogBytes?: number;
}

const MAX_ENTRIES = 256;
/** As long as a peer may take for an acknowledgement. Source: Forward Protocol v1, "Ack". */
const ACK_TIMEOUT_MS = 60_000;

/** Messages of the forward protocol. Source: Forward Protocol Specification v1, "Message Mode". */
export class FluentdSink implements LogSink {
  readonly retry?: SinkRetry;
  readonly maxBacklogBytes?: number;
  readonly #options: FluentdSinkOptions;
  readonly #connection: StreamConnection;

  constructor(options: FluentdSinkOptions) {
    this.#options = options;
    this.#connection = new StreamConnection(options.address);
    if (options.retry) this.retry = options.retry;
    if (options.maxBacklogBytes !== undefined) this.maxBacklogBytes = options.maxBacklogBytes;
  }

  async write(entries: readonly LogEntry[], signal: AbortSignal): Promise<number> {
    const { requestAck, writeTimeoutMs } = this.#options;
    const taken = entries.slice(0, requestAck ? 1 : MAX_ENTRIES);
    const chunk = requestAck ? randomBytes(16).toString("base64") : undefined;
    const messages = taken.map((entry) => this.#encode(entry, chunk));
    await this.#connection.send(messages, withTimeout(signal, writeTimeoutMs));
    if (chunk !== undefined) await this.#awaitAck(chunk, signal);
    return taken.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  async #awaitAck(chunk: string, signal: AbortSignal): Promise<void> {
    const limited = withTimeout(signal, this.#options.readTimeoutMs || ACK_TIMEOUT_MS);
    const answer = await this.#connection.receive(unpackTextMap, limited);
    if (answer.get("ack") !== chunk) throw new Error("the log sink confirmed another message");
  }

  #encode(entry: LogEntry, chunk: string | undefined): Buffer {
    const { tag, subSecond } = this.#options;
    const { timeNs } = entry;
    return Buffer.concat([
      packArrayHeader(chunk === undefined ? 3 : 4),
      packString(tag),
      subSecond ? packEventTime(timeNs) : packUint32(Number(timeNs / 1_000_000_000n)),
      packMap(this.#recordOf(entry)),
      ...(chunk === undefined ? [] : [packMap(new Map([["chunk", chunk]]))]),
    ]);
  }

  #recordOf(entry: LogEntry): Map<string, string | Uint8Array> {
    const record = new Map<string, string | Uint8Array>(Object.entries(this.#options.fields));
    record.set("source", entry.stream);
    record.set("log", lineOf(entry));
    if (entry.part) {
      record.set("partial_message", "true");
      record.set("partial_id", entry.part.id);
      record.set("partial_ordinal", String(entry.part.ordinal));
      record.set("partial_last", String(entry.part.last));
    }
    return record;
  }
}

function withTimeout(signal: AbortSignal, timeoutMs: number): AbortSignal {
  return timeoutMs > 0 ? AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) : signal;
}
