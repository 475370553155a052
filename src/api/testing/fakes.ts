import type { AttachSession } from "../../core/containers/streams.ts";
import type { OutputChunk } from "../../core/tasks/task-runtime.ts";
import type { ApiBackends } from "../mod.ts";

/** Test doubles for the API's own tests: nothing here is part of the engine. */

/** Backends whose methods fail unless a test gives them. */
export function fakeBackends(
  given: { [Noun in keyof ApiBackends]?: Partial<ApiBackends[Noun]> },
): ApiBackends {
  const backend = (noun: string, methods: object) =>
    new Proxy(methods, {
      get: (target, method) => {
        const found = Reflect.get(target, method) as unknown;
        if (found === undefined) throw new Error(`unexpected call of ${noun}.${String(method)}`);
        return found;
      },
    });
  const nouns = [
    "containers",
    "exec",
    "images",
    "distribution",
    "networks",
    "volumes",
    "volumeCopies",
    "system",
  ] as const;
  return Object.fromEntries(
    nouns.map((noun) => [noun, backend(noun, given[noun] ?? {})]),
  ) as unknown as ApiBackends;
}

/** A queue that one side fills and the other iterates over. */
export class Channel<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #ended = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  end(failure?: unknown): void {
    this.#failure = failure;
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift()!;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A session that a test drives: it sees what the client sent and says what the client gets. */
export class FakeSession implements AttachSession {
  readonly tty: boolean;
  readonly output = new Channel<OutputChunk>();
  readonly written: Buffer[] = [];
  readonly stdinClosed = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<void>();
  /** Held back by a test that plays a slow process. */
  gate: Promise<void> = Promise.resolve();

  constructor(tty: boolean) {
    this.tty = tty;
  }

  get input(): string {
    return Buffer.concat(this.written).toString();
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.gate;
    this.written.push(Buffer.from(bytes));
  }

  async closeStdin(): Promise<void> {
    this.stdinClosed.resolve();
  }

  close(): void {
    this.output.end();
    this.closed.resolve();
  }

  say(text: string, stream: "stdout" | "stderr" = "stdout"): void {
    this.output.push({ stream, bytes: Buffer.from(text) });
  }
}

/** The items of a list, one after the other. */
export async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
