import { isKind } from "../../../base/errors.ts";
import type { ContainerStatsResponse } from "../../../spec/engine-api/mod.ts";
import { type ContainerParts, currentRecord, isRunning } from "../parts.ts";
import { emptySample, takeSample, withEarlier } from "./sample.ts";

export interface StatsOptions {
  /** A sample a second until the container is removed; one sample otherwise. */
  readonly stream: boolean;
  /** Do not wait for the second reading that fills `precpu_stats`. */
  readonly oneShot: boolean;
  readonly signal: AbortSignal;
}

const INTERVAL_MS = 1000;

/**
 * What a container uses. A stream goes through stops and starts of the container, with empty samples in between, and
 * ends with its removal, its reader or the signal. Errors: notFound.
 */
export async function readStats(
  parts: ContainerParts,
  id: string,
  options: StatsOptions,
): Promise<AsyncIterable<ContainerStatsResponse>> {
  const record = currentRecord(parts, id);
  if (options.stream) return streamSamples(parts, id, options.signal);
  if (!isRunning(record)) return one(emptySample(record));
  if (options.oneShot) return one(readSample(parts, id) ?? emptySample(record));
  return secondSample(parts, id, options.signal);
}

async function* one<T>(value: T): AsyncGenerator<T> {
  yield value;
}

async function* secondSample(
  parts: ContainerParts,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ContainerStatsResponse> {
  using end = endOfStats(parts, id, signal);
  const first = readSample(parts, id);
  if (!(await waitForNext(parts, end.signal))) return;
  const second = readSample(parts, id);
  if (second) yield withEarlier(second, first);
}

async function* streamSamples(
  parts: ContainerParts,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ContainerStatsResponse> {
  using end = endOfStats(parts, id, signal);
  let earlier: ContainerStatsResponse | undefined;
  for (;;) {
    const sample = readSample(parts, id);
    if (!sample) return;
    yield withEarlier(sample, earlier);
    earlier = sample;
    if (!(await waitForNext(parts, end.signal))) return;
  }
}

/** The container as it is now; undefined once it is removed. */
function readSample(parts: ContainerParts, id: string): ContainerStatsResponse | undefined {
  const record = parts.store.get(id);
  if (!record) return undefined;
  const task = parts.live.task(id);
  if (!task || !isRunning(record)) return emptySample(record);
  return takeSample(parts.meters, record, task.handle.cgroupPath, parts.timers.nowNs());
}

/** A signal that is aborted when the container is removed or nobody reads any more, until it is disposed. */
function endOfStats(
  parts: ContainerParts,
  id: string,
  reader: AbortSignal,
): Disposable & { readonly signal: AbortSignal } {
  const end = new AbortController();
  const abort = () => end.abort();
  if (reader.aborted) abort();
  reader.addEventListener("abort", abort, { once: true });
  // Rejected by the disposal where the container outlives its reader.
  parts.live.removal(id, end.signal).then(abort, () => {});
  return {
    signal: end.signal,
    [Symbol.dispose]() {
      reader.removeEventListener("abort", abort);
      abort();
    },
  };
}

/** False where there is no next sample. */
async function waitForNext(parts: ContainerParts, end: AbortSignal): Promise<boolean> {
  try {
    await parts.timers.wait(INTERVAL_MS, end);
    return true;
  } catch (error) {
    if (isKind(error, "canceled")) return false;
    throw error;
  }
}
