import { createReadStream, readSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { canceled, internal } from "../../base/errors.ts";
import { adoptDirectories } from "./adopt-directories.ts";
import { applyLayer } from "./apply-layer.ts";
import { compareTrees } from "./compare-trees.ts";
import { copyTree } from "./copy-tree.ts";
import { extractArchive } from "./extract-archive.ts";
import { hideLowerRoot } from "./hide-lower-root.ts";
import type { FromWorker, LayerJobName, LayerJobs, ToWorker } from "./layer-job.ts";
import { makeImage } from "./make-image.ts";
import { measureTree } from "./measure-tree.ts";
import { overlayChanges } from "./overlay-changes.ts";
import { isOpaque } from "./overlay-marks.ts";
import { reindexImage } from "./reindex-image.ts";
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
// The main thread goes first: it answers requests. Of this thread alone, as `0` is the caller for setpriority(2).
setPriority(0, 5);

let onMessage: (message: ToWorker) => void = () => {};
/** Aborted when nobody wants the running job's outcome any more. */
let canceling = new AbortController();

const JOBS: {
  readonly [Name in LayerJobName]: (
    input: LayerJobs[Name]["input"],
  ) => LayerJobs[Name]["output"] | Promise<LayerJobs[Name]["output"]>;
} = {
  unpack: ({ file, target, limits }) => applyLayer(openLayer(file), target, limits),
  extract: (target) => extractArchive(receiveChunks(), target),
  pack: sendTar,
  measure: ({ directory, parent }) => measureTree(directory, parent),
  overlayChanges: ({ upper, lowerDirs }) => overlayChanges(upper, lowerDirs),
  compare: ({ directory, parent }) => compareTrees(directory, parent),
  makeImage: ({ upper, target }) => {
    makeImage(upper, target);
    return undefined;
  },
  adopt: ({ directory, parents, implied }) => {
    adoptDirectories(directory, parents, implied);
    if (isOpaque(directory)) hideLowerRoot(directory, parents);
    return undefined;
  },
  reindexImage: (target) => {
    reindexImage(target);
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

function openLayer(file: LayerJobs["unpack"]["input"]["file"]): AsyncIterable<Uint8Array> {
  if (file === undefined) return receiveChunks();
  if ("fd" in file) return readGrowing(file.fd);
  return readWhole(file.path);
}

async function* readWhole(path: string): AsyncGenerator<Uint8Array> {
  const { signal } = canceling;
  let readBytes = 0;
  for await (const block of createReadStream(path, { highWaterMark: READ_BLOCK_BYTES, signal })) {
    yield block;
    readBytes += block.byteLength;
    post({ type: "progress", readBytes });
  }
}

/** The bytes of a file to which the caller's thread appends. */
function readGrowing(fd: number): AsyncIterableIterator<Uint8Array> {
  let position = 0;
  let sizeBytes = 0;
  let isWhole = false;
  return takeWhenThere(
    (message) => {
      if (message.type !== "grown") return;
      if (message.sizeBytes === undefined) isWhole = true;
      else sizeBytes = message.sizeBytes;
    },
    () => {
      if (position >= sizeBytes) return isWhole ? END : undefined;
      // Memory of its own for each piece: the one before may still be on its way through the decompressor.
      const block = Buffer.allocUnsafeSlow(Math.min(READ_BLOCK_BYTES, sizeBytes - position));
      const readBytes = readSync(fd, block, 0, block.length, position);
      position += readBytes;
      post({ type: "progress", readBytes: position });
      return { done: false, value: block.subarray(0, readBytes) };
    },
  );
}

/** The pieces that the caller sends. */
function receiveChunks(): AsyncIterableIterator<Uint8Array> {
  const arrived: Array<Uint8Array | undefined> = [];
  const pieces = takeWhenThere(
    (message) => {
      if (message.type === "chunk") arrived.push(message.bytes);
    },
    () => {
      if (arrived.length === 0) return undefined;
      const value = arrived.shift();
      if (value === undefined) return END;
      post({ type: "pull" });
      return { done: false, value };
    },
  );
  for (let piece = 0; piece < PIECES_AHEAD; piece++) post({ type: "pull" });
  return pieces;
}

const END = { done: true, value: undefined } as const;

/**
 * What `take` gives, which answers undefined where there is nothing before another message has come to `note`. To end it
 * ends a wait too, which a generator could not.
 */
function takeWhenThere(
  note: (message: ToWorker) => void,
  take: () => IteratorResult<Uint8Array, undefined> | undefined,
): AsyncIterableIterator<Uint8Array, undefined> {
  const { signal } = canceling;
  let wake = () => {};
  let ended = false;
  onMessage = (message) => {
    note(message);
    wake();
  };
  signal.addEventListener("abort", () => wake());
  return {
    async next() {
      for (;;) {
        signal.throwIfAborted();
        const taken = ended ? END : take();
        if (taken) return taken;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async return() {
      ended = true;
      wake();
      return END;
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
