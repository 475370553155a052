import type { OutputChunk, TaskAttachment } from "../../core/tasks/task-runtime.ts";

/** Bytes that may wait for a client before it holds up everybody. */
const QUEUE_LIMIT_BYTES = 512 * 1024;

/** What a client does to the streams that it shares with others. */
export interface StreamsBackend {
  /** Writes to stdin until the signal aborts. */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  closeStdin(): Promise<void>;
  /** The client is gone, and with one that used stdin its input has ended. */
  leave(client: StreamsClient, usedStdin: boolean): void;
}

/** One client of a monitor's streams, with a queue of what it has not read yet. */
export class StreamsClient implements TaskAttachment {
  readonly output: AsyncIterable<OutputChunk>;
  readonly #backend: StreamsBackend;
  readonly #queue: OutputChunk[] = [];
  readonly #closing = new AbortController();
  #queuedBytes = 0;
  #usesStdin: boolean;
  #ended = false;
  #failure: unknown;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  /** A client that uses stdin ends it when it goes, also where it never wrote. */
  constructor(backend: StreamsBackend, usesStdin: boolean) {
    this.#usesStdin = usesStdin;
    this.#backend = backend;
    this.output = this.#readChunks();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#usesStdin = true;
    await this.#backend.write(bytes, this.#closing.signal);
  }

  async closeStdin(): Promise<void> {
    if (!this.#closing.signal.aborted) await this.#backend.closeStdin();
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#queue.length = 0;
    this.finish(undefined);
    this.#backend.leave(this, this.#usesStdin);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Queues output for the client; a promise where it must take some before more may come. */
  offer(chunks: readonly OutputChunk[]): Promise<void> | undefined {
    for (const chunk of chunks) {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.bytes.byteLength;
    }
    this.#wakeReader?.();
    if (this.#queuedBytes <= QUEUE_LIMIT_BYTES) return undefined;
    return new Promise((resolve) => {
      this.#wakeWriter = resolve;
    });
  }

  /** Nothing more will come. What is queued is still read, then the failure where there is one. */
  finish(failure: unknown): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }

  async *#readChunks(): AsyncGenerator<OutputChunk, void, undefined> {
    for (;;) {
      for (let chunk = this.#queue.shift(); chunk; chunk = this.#queue.shift()) {
        yield chunk;
        this.#queuedBytes -= chunk.bytes.byteLength;
        if (this.#queuedBytes <= QUEUE_LIMIT_BYTES) this.#wakeWriter?.();
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }
}
