import { Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { invalidArgument } from "../../base/errors.ts";
import { decompressLegacy, type LegacyCompression } from "../../os/linux/legacy-decompression.ts";

export type Compression = "none" | "gzip" | "zstd";

// Large blocks: each one is a round trip to the thread that decompresses, and a stop of the parser.
const BLOCK_BYTES = 1024 * 1024;
// Some blocks ahead, so that decompressing and writing go on side by side.
const STREAM_OPTIONS = { chunkSize: BLOCK_BYTES, readableHighWaterMark: 4 * BLOCK_BYTES };

const MAGIC: ReadonlyArray<readonly [Compression | LegacyCompression, readonly number[]]> = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/**
 * The compression of an archive that a user hands over, by its first bytes. zstd also begins with a skippable frame
 * (`zstd:chunked` and parallel writers put one there). Source: RFC 1952, 2.3.1; RFC 8878, 3.1.
 */
export function detectArchiveCompression(start: Uint8Array): Compression | LegacyCompression {
  const isSkippable = start[0]! >> 4 === 5 && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18;
  if (isSkippable) return "zstd";
  return MAGIC.find(([, magic]) => magic.every((byte, index) => start[index] === byte))?.[0] ?? "none";
}

/** The compression of a layer. Errors: invalidArgument for one that no media type of layers stands for. */
export function detectCompression(start: Uint8Array): Compression {
  const found = detectArchiveCompression(start);
  if (found !== "xz" && found !== "bzip2") return found;
  throw invalidArgument(`layers compressed with ${found} are not supported`);
}

/** A stream that undoes `compression`; undefined where there is nothing to undo. */
export function decompressor(compression: Compression | LegacyCompression): Duplex | undefined {
  if (compression === "gzip") return createGunzip(STREAM_OPTIONS);
  if (compression === "zstd") return createZstdDecompress(STREAM_OPTIONS);
  if (compression === "none") return undefined;
  return Duplex.from((source: AsyncIterable<Uint8Array>) => decompressLegacy(compression, source));
}

/**
 * Hands what `stage` makes of `source` to `consume`. Where either fails, `stop` is called: the source may be waiting for
 * bytes, and nothing would end before they came. Errors: those of source, stage and consumer.
 */
export async function decompress(
  source: AsyncIterable<Uint8Array>,
  stage: Duplex,
  consume: (chunks: AsyncIterable<Uint8Array>) => Promise<void>,
  stop: () => void,
): Promise<void> {
  stage.once("error", stop);
  await pipeline(Readable.from(source, { objectMode: false }), stage, async (chunks) => {
    try {
      await consume(chunks as AsyncIterable<Uint8Array>);
    } catch (error) {
      stop();
      throw error;
    }
  });
}
