import type { LayerWorkers } from "./layer-workers.ts";
import type { TarSource } from "./tar-tree.ts";

/**
 * An uncompressed tar of `source` as a stream of chunks, made by a thread of `workers` at the reader's pace. Equal trees
 * give equal bytes. A reader that stops early ends the work. Errors: canceled; SyscallError.
 */
export async function* packTree(
  workers: LayerWorkers,
  source: TarSource,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let arrived = nextArrival();
  let taken = Promise.withResolvers<void>();
  const onChunk = async (bytes: Uint8Array) => {
    arrived.resolve(bytes);
    await taken.promise;
    taken = Promise.withResolvers();
  };
  const job = workers.run("pack", source, { signal, onChunk });
  job.then(
    () => arrived.resolve(undefined),
    (error) => arrived.reject(error),
  );
  try {
    for (;;) {
      const bytes = await arrived.promise;
      if (bytes === undefined) return;
      arrived = nextArrival();
      yield bytes;
      taken.resolve();
    }
  } finally {
    // Where everything was read this changes nothing.
    stop.abort();
    taken.resolve();
    await job.catch(() => {
      // Told through the stream, or wanted: the reader has stopped.
    });
  }
}

function nextArrival(): PromiseWithResolvers<Uint8Array | undefined> {
  const arrival = Promise.withResolvers<Uint8Array | undefined>();
  // A reader that stopped early awaits it no more; its failure must not end the process.
  arrival.promise.catch(() => {});
  return arrival;
}
