import { messageOf } from "../../../base/errors.ts";
import type { Logger } from "../../../base/logger.ts";

/**
 * `source`, with `resource` given back when it has ended, when its reader stops, or when the signal is aborted before
 * anyone began to read.
 */
export function holdDuring<T>(
  source: AsyncIterable<T>,
  resource: AsyncDisposable,
  options: { readonly signal: AbortSignal; readonly logger: Logger },
): AsyncIterable<T> {
  let begun = false;
  const giveUp = () => {
    if (begun) return;
    begun = true;
    Promise.resolve(resource[Symbol.asyncDispose]()).catch((error) =>
      options.logger.error({ reason: messageOf(error) }, "giving back what an abandoned stream held"),
    );
  };
  options.signal.addEventListener("abort", giveUp, { once: true });
  if (options.signal.aborted) giveUp();
  async function* read(): AsyncGenerator<T> {
    if (begun) return;
    begun = true;
    options.signal.removeEventListener("abort", giveUp);
    try {
      yield* source;
    } finally {
      await resource[Symbol.asyncDispose]();
    }
  }
  return read();
}
