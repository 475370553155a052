import type { ProgressMessage } from "../../spec/engine-api/mod.ts";

/** Takes a message of long work. Never throws and never waits. */
export type Report = (message: ProgressMessage) => void;

/**
 * The messages of `work` as they come. Work starts when the first message is asked for; its error is thrown after its
 * last message. A consumer that stops early, or an aborted `signal`, aborts the signal that work was given.
 * Messages that tell of the same step replace each other while nobody reads: a slow reader costs no memory.
 */
export async function* streamProgress(
  work: (report: Report, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): AsyncGenerator<ProgressMessage> {
  const controller = new AbortController();
  const queue = new ProgressQueue();
  const stop = () => controller.abort();
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const done = work((message) => queue.push(message), controller.signal).then(
    () => queue.end(undefined),
    (error) => queue.end({ error }),
  );
  try {
    yield* queue.read();
  } finally {
    signal?.removeEventListener("abort", stop);
    controller.abort();
    await done;
  }
}

class ProgressQueue {
  readonly #messages: ProgressMessage[] = [];
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(message: ProgressMessage): void {
    const last = this.#messages.findIndex((queued) => replaces(message, queued));
    if (last >= 0) this.#messages[last] = message;
    else this.#messages.push(message);
    this.#wake?.();
  }

  end(failure: { readonly error: unknown } | undefined): void {
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<ProgressMessage> {
    for (;;) {
      const message = this.#messages.shift();
      if (message) yield message;
      else if (this.#ended) break;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
    if (this.#failure) throw this.#failure.error;
  }
}

function replaces(message: ProgressMessage, queued: ProgressMessage): boolean {
  return (
    message.id !== undefined &&
    message.id === queued.id &&
    message.status === queued.status &&
    message.progressDetail?.current !== undefined &&
    queued.progressDetail?.current !== undefined
  );
}

const REPORT_INTERVAL_MS = 100;

/** Reports how far a step of one layer is, not more often than eyes can follow; the end is always reported. */
export function reportBytes(
  report: Report,
  id: string,
  status: string,
  totalBytes: number,
): (currentBytes: number) => void {
  let reportedAtMs = 0;
  return (currentBytes) => {
    const nowMs = Date.now();
    if (currentBytes < totalBytes && nowMs - reportedAtMs < REPORT_INTERVAL_MS) return;
    reportedAtMs = nowMs;
    report({ status, id, progressDetail: { current: currentBytes, total: totalBytes } });
  };
}

/** Reports the waits before further tries of one layer's transfer. */
export function reportRetries(report: Report, id: string): (secondsLeft: number) => void {
  return (secondsLeft) => {
    const seconds = secondsLeft === 1 ? "second" : "seconds";
    report({ status: `Retrying in ${secondsLeft} ${seconds}`, id, progressDetail: {} });
  };
}
