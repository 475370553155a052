/** What is done for one layer. */
export interface LayerWork {
  /** The layer's snapshot is there. */
  readonly there: Promise<void>;
  /** What else has to end well. */
  readonly beside: ReadonlyArray<Promise<void>>;
}

/**
 * Works on the layers of an image side by side, the lowest first. `begin` starts the work on one; `below` tells that the
 * layer under it is there, and `signal` that all work shall stop. When this returns nothing is worked on any more.
 * Errors: the first one of any work.
 */
export async function stackLayers<Layer>(
  layers: readonly Layer[],
  outer: AbortSignal,
  begin: (layer: Layer, below: Promise<void>, signal: AbortSignal) => LayerWork,
): Promise<void> {
  const controller = new AbortController();
  const signal = AbortSignal.any([outer, controller.signal]);
  const work: Array<Promise<void>> = [];
  let below = Promise.resolve();
  for (const layer of layers) {
    const { there, beside } = begin(layer, below, signal);
    work.push(there, ...beside);
    below = there;
  }
  // The first failure counts; what the others then say is that they were stopped.
  let failure: { readonly error: unknown } | undefined;
  for (const each of work) {
    each.catch((error) => {
      failure ??= { error };
      controller.abort();
    });
  }
  await Promise.allSettled(work);
  if (failure) throw failure.error;
}
