import { type DiffId, finishDigest, startDigest } from "../../base/digest.ts";
import { invalidArgument, isKind } from "../../base/errors.ts";
import type { ApplyTarget } from "../../core/snapshots/snapshotter.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { TarReader } from "../../spec/tar/mod.ts";
import { type Compression, decompress, decompressor, detectCompression } from "./decompress.ts";
import { ImageWriter } from "./image-writer.ts";
import type { LayerSink } from "./layer-sink.ts";
import { type LayerLimits, LayerWriter } from "./layer-writer.ts";

/** A layer may be that large however small it came. */
const UNQUESTIONED_BYTES = 16 * 1024 ** 3;
/** Beyond that, this many times what came. */
const MOST_EXPANSION = 200;

/** A layer that was unpacked. */
export interface UnpackedLayer {
  /** Digest of the uncompressed tar. */
  readonly diffId: DiffId;
  readonly compressedBytes: number;
  /** Size of the uncompressed tar. */
  readonly tarBytes: number;
  readonly entries: number;
  readonly compression: Compression;
  /**
   * Directories that the layer itself does not describe, with the root first where that is one of them, as byte strings.
   * Known only where the layer was unpacked without trees below it.
   */
  readonly implied: readonly string[];
}

/**
 * Unpacks a layer into `target` on this thread (it blocks: `unpackLayer` is the way from the main thread) and digests
 * it on the way. Errors: invalidArgument for a broken or hostile layer; SyscallError. What was written until an error
 * stays: the snapshot is to be removed then.
 */
export async function applyLayer(
  source: AsyncIterable<Uint8Array>,
  target: ApplyTarget,
  limits: LayerLimits = {},
): Promise<UnpackedLayer> {
  const peeked = await peek(source);
  const compression = detectCompression(peeked.start);
  const stage = decompressor(compression);
  const hash = startDigest();
  let compressedBytes = 0;
  let tarBytes = 0;
  async function* counted() {
    for await (const chunk of peeked.whole) {
      compressedBytes += chunk.byteLength;
      yield chunk;
    }
  }
  using sink = openSink(target, limits);
  const reader = new TarReader(sink);
  const consume = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      tarBytes += chunk.byteLength;
      checkExpansion(tarBytes, compressedBytes, limits);
      if (!reader.ended) sink.raw?.(chunk);
      reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    }
  };
  try {
    if (stage) await decompress(counted(), stage, consume, peeked.stop);
    else await consume(counted());
    reader.finish();
  } catch (error) {
    throw readableError(error, "the layer");
  }
  sink.finish();
  return {
    diffId: finishDigest(hash) as string as DiffId,
    compressedBytes,
    tarBytes,
    entries: sink.entries,
    compression,
    implied: sink.implied,
  };
}

/** Errors: invalidArgument for a layer that is made to fill the disk: no file system's contents are packed that well. */
function checkExpansion(tarBytes: number, compressedBytes: number, limits: LayerLimits): void {
  const limitBytes = Math.max(
    limits.unquestionedBytes ?? UNQUESTIONED_BYTES,
    compressedBytes * MOST_EXPANSION,
  );
  if (tarBytes > limitBytes) {
    throw invalidArgument(
      `the layer expands to more than ${limitBytes} bytes from ${compressedBytes}: it is refused as a decompression bomb`,
    );
  }
}

function openSink(target: ApplyTarget, limits: LayerLimits): LayerSink {
  return "imageFile" in target ? new ImageWriter(target, limits) : new LayerWriter(target, limits);
}

/** A stream whose beginning was looked at. */
export interface PeekedStream {
  /** Its first bytes, at least six where it has so many. */
  readonly start: Uint8Array;
  /** All of it. */
  readonly whole: AsyncIterable<Uint8Array>;
  /** Ends it, also in a wait for bytes. */
  stop(): void;
}

export async function peek(source: AsyncIterable<Uint8Array>): Promise<PeekedStream> {
  const iterator = source[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array();
  while (start.byteLength < 6) {
    const { done, value } = await iterator.next();
    if (done) break;
    start = start.byteLength === 0 ? value : Buffer.concat([start, value]);
  }
  return { start, whole: prepend(start, iterator), stop: () => void iterator.return?.() };
}

async function* prepend(start: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.byteLength > 0) yield start;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** zlib's own errors say nothing to a user, but that the bytes are broken. */
export function readableError(error: unknown, what: string): unknown {
  if (isKind(error, "invalidArgument") || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (isErrno(error, "Z_BUF_ERROR")) return invalidArgument("unexpected EOF", { cause: error });
  if (code.startsWith("Z_") || code.startsWith("ZSTD_") || code.startsWith("ERR_ZLIB")) {
    return invalidArgument(`${what} cannot be decompressed: ${error.message}`, { cause: error });
  }
  return error;
}
