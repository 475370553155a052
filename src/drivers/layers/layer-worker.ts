import { createReadStream } from "node:fs";
import { parentPort } from "node:worker_threads";
import { canceled, internal } from "../../base/errors.ts";
import { applyLayer } from "./apply-layer.ts";
import { compareTrees } from "./compare-trees.ts";
import { copyTree } from "./copy-tree.ts";
import { extractArchive } from "./extract-archive.ts";
import type { FromWorker, LayerJobName, LayerJobs, ToWorker } from "./layer-job.ts";
import { makeImage } from "./make-image.ts";
import { measureTree } from "./measure-tree.ts";
import { overlayChanges } from "./overlay-changes.ts";
import { packError } from "./send-error.ts";
import { type TarSource, tarTree } from "./tar-tree.ts";

// Entry point of the worker threads of `LayerWorkers`: one job at a time.

const READ_BLOCK_BYTES = 1024 * 1024;
/** Pieces on their way between the threads, in each direction. */
const PIECES_AHEAD = 4;
/** Small blocks of a tar travel together. */
const PIECE_BYTES = 256 * 1024;

if (!parentPort) throw internal("layer-worker is the entry point of a worker thread");
const port = parentPort;

let onMessage: (message: ToWorker) => void = () => {};
/** Aborted when nobody wants the running job's outcome any more. */
let canceling = new AbortController();

const JOBS: {
  readonly [Name in LayerJobName]: (
    input: LayerJobs[Name]["input"],
  ) => LayerJobs[Name]["output"] | Promise<LayerJobs[Name]["output"]>;
} = {
  unpack: ({ path, target, limits }) =>
    applyLayer(
      path === undefined
        ? receiveChunks()
        : createReadStream(path, { highWaterMark: READ_BLOCK_BYTES, signal: canceling.signal }),
      target,
      limits,
    ),
  extract: (target) => extractArchive(receiveChunks(), target),
  pack: sendTar,
  measure: ({ directory, parent }) => measureTree(directory, parent),
  overlayChanges: ({ upper, lowerDirs }) => overlayChanges(upper, lowerDirs),
  compare: ({ directory, parent }) => compareTrees(directory, parent),
  makeImage: ({ upper, target }) => {
    makeImage(upper, target);
    return undefined;
  },
  copy: ({ source, target }) => {
    copyTree(source, target);
    return undefined;
  },
};

port.on("message", (message: ToWorker) => {
  if (message.type === "run") void run(message.name, message.input);
  else if (message.type === "cancel") canceling.abort(canceled("context canceled"));
  else onMessage(message);
});

async function run(name: LayerJobName, input: LayerJobs[LayerJobName]["input"]): Promise<void> {
  canceling = new AbortController();
  onMessage = () => {};
  try {
    const job = JOBS[name] as (input: LayerJobs[LayerJobName]["input"]) => unknown;
    post({ type: "done", output: (await job(input)) as LayerJobs[LayerJobName]["output"] });
  } catch (error) {
    post({ type: "failed", error: packError(error) });
  }
}

function post(message: FromWorker): void {
  port.postMessage(message);
}

/** The pieces that the caller sends. To end it ends a wait for the next piece too, which a generator could not. */
function receiveChunks(): AsyncIterableIterator<Uint8Array> {
  const arrived: Array<Uint8Array | undefined> = [];
  const { signal } = canceling;
  let wake = () => {};
  let ended = false;
  onMessage = (message) => {
    if (message.type === "chunk") arrived.push(message.bytes);
    wake();
  };
  signal.addEventListener("abort", () => wake());
  for (let piece = 0; piece < PIECES_AHEAD; piece++) post({ type: "pull" });
  const end = { done: true, value: undefined } as const;
  return {
    async next() {
      while (arrived.length === 0 && !ended && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      signal.throwIfAborted();
      const value = arrived.shift();
      if (ended || value === undefined) return end;
      post({ type: "pull" });
      return { done: false, value };
    },
    async return() {
      ended = true;
      wake();
      return end;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function sendTar(source: TarSource): Promise<undefined> {
  let ahead = 0;
  let wake = () => {};
  onMessage = () => {
    ahead--;
    wake();
  };
  const { signal } = canceling;
  signal.addEventListener("abort", () => wake());
  for (const bytes of joinBlocks(tarTree(source))) {
    while (ahead >= PIECES_AHEAD && !signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    signal.throwIfAborted();
    ahead++;
    port.postMessage({ type: "chunk", bytes } satisfies FromWorker, [bytes.buffer]);
  }
}

/** The bytes of all blocks in pieces of `PIECE_BYTES` with memory of their own; the last one is shorter. */
function* joinBlocks(blocks: Iterable<Buffer>): Generator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for (const block of blocks) {
    for (let offset = 0; offset < block.length; ) {
      const taken = Math.min(block.length - offset, PIECE_BYTES - filled);
      piece.set(block.subarray(offset, offset + taken), filled);
      filled += taken;
      offset += taken;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.slice(0, filled);
}
