import { addressOf, loadLibrary } from "../ffi/native.ts";

/** Formats that the runtime itself does not decompress, by the libraries that every Debian has: dpkg itself needs them. */
export type LegacyCompression = "xz" | "bzip2";

/** A decompressor as both libraries shape it: a structure in memory that is told where to read and where to write. */
interface Decoder extends Disposable {
  /** Decodes some of the input into the output. Throws where the bytes are broken. */
  step(input: Uint8Array, output: Uint8Array, last: boolean): Step;
}

interface Step {
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Everything up to here made whole streams. */
  readonly ended: boolean;
}

const OUTPUT_BYTES = 1024 * 1024;
/** The largest dictionary that the xz tool makes takes 65 MiB. */
const XZ_MEMORY_LIMIT_BYTES = 256n * 1024n * 1024n;
const XZ_CONCATENATED = 0x08;
const XZ = { run: 0, finish: 3, ok: 0, streamEnd: 1, bufferError: 10 } as const;
const BZIP2 = { ok: 0, streamEnd: 4 } as const;

/**
 * What `compression` made of the bytes of `source`, in pieces that are valid until the next is asked for; other work
 * of the thread has its turn between them. Errors: Error with code ERR_ZLIB_* for broken or cut input.
 */
export async function* decompressLegacy(
  compression: LegacyCompression,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  using decoder = compression === "xz" ? new XzDecoder() : new Bzip2Decoder();
  let ended = false;
  const drain = async function* (input: Uint8Array, last: boolean): AsyncGenerator<Uint8Array> {
    for (let rest = input; ; ) {
      // New memory for each piece: whoever takes it may hold it while the next is made.
      const output = new Uint8Array(OUTPUT_BYTES);
      const step = decoder.step(rest, output, last);
      ended = step.ended;
      rest = rest.subarray(step.readBytes);
      if (step.writtenBytes > 0) {
        yield output.subarray(0, step.writtenBytes);
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (rest.byteLength === 0 && (step.ended || step.writtenBytes < OUTPUT_BYTES)) return;
      if (step.readBytes === 0 && step.writtenBytes === 0) throw broken(compression, "trailing bytes");
    }
  };
  for await (const chunk of source) if (chunk.byteLength > 0) yield* drain(chunk, false);
  if (compression === "xz") yield* drain(new Uint8Array(), true);
  if (!ended) throw broken(compression, "unexpected end of input");
}

function broken(compression: LegacyCompression, reason: string | number): Error {
  return Object.assign(new Error(`${compression}: ${reason}`), { code: "ERR_ZLIB_LEGACY" });
}

function bindXz() {
  const { bind } = loadLibrary("liblzma.so.5");
  return {
    open: bind<[Uint8Array, bigint, number]>("lzma_stream_decoder", "int", ["buffer", "uint64", "uint"]),
    code: bind<[Uint8Array, number]>("lzma_code", "int", ["buffer", "int"]),
    close: bind<[Uint8Array], void>("lzma_end", "void", ["buffer"]),
  };
}

/** Source: liblzma, `lzma/base.h`, `lzma_stream` on machines with 64 bits. */
class XzDecoder implements Decoder {
  readonly #library = bindXz();
  readonly #stream = new Uint8Array(136);
  readonly #view = new DataView(this.#stream.buffer);

  constructor() {
    const result = this.#library.open(this.#stream, XZ_MEMORY_LIMIT_BYTES, XZ_CONCATENATED);
    if (result !== XZ.ok) throw broken("xz", result);
  }

  step(input: Uint8Array, output: Uint8Array, last: boolean): Step {
    this.#view.setBigUint64(0, addressOf(input), true);
    this.#view.setBigUint64(8, BigInt(input.byteLength), true);
    this.#view.setBigUint64(24, addressOf(output), true);
    this.#view.setBigUint64(32, BigInt(output.byteLength), true);
    const result = this.#library.code(this.#stream, last ? XZ.finish : XZ.run);
    // Without input there may be nothing to do, which is no fault of the bytes.
    if (result !== XZ.ok && result !== XZ.streamEnd && result !== XZ.bufferError) throw broken("xz", result);
    return {
      readBytes: input.byteLength - Number(this.#view.getBigUint64(8, true)),
      writtenBytes: output.byteLength - Number(this.#view.getBigUint64(32, true)),
      ended: result === XZ.streamEnd,
    };
  }

  [Symbol.dispose](): void {
    this.#library.close(this.#stream);
  }
}

function bindBzip2() {
  const { bind } = loadLibrary("libbz2.so.1.0");
  return {
    open: bind<[Uint8Array, number, number]>("BZ2_bzDecompressInit", "int", ["buffer", "int", "int"]),
    code: bind<[Uint8Array]>("BZ2_bzDecompress", "int", ["buffer"]),
    close: bind<[Uint8Array]>("BZ2_bzDecompressEnd", "int", ["buffer"]),
  };
}

/** Source: bzip2, `bzlib.h`, `bz_stream` on machines with 64 bits. */
class Bzip2Decoder implements Decoder {
  readonly #library = bindBzip2();
  readonly #stream = new Uint8Array(80);
  readonly #view = new DataView(this.#stream.buffer);
  #open = false;

  step(input: Uint8Array, output: Uint8Array): Step {
    if (!this.#open) this.#begin();
    this.#view.setBigUint64(0, addressOf(input), true);
    this.#view.setUint32(8, input.byteLength, true);
    this.#view.setBigUint64(24, addressOf(output), true);
    this.#view.setUint32(32, output.byteLength, true);
    const result = this.#library.code(this.#stream);
    if (result !== BZIP2.ok && result !== BZIP2.streamEnd) throw broken("bzip2", result);
    const step = {
      readBytes: input.byteLength - this.#view.getUint32(8, true),
      writtenBytes: output.byteLength - this.#view.getUint32(32, true),
      ended: result === BZIP2.streamEnd,
    };
    // Another stream may follow: compressors that use several threads write one for each block.
    if (step.ended) this[Symbol.dispose]();
    return step;
  }

  [Symbol.dispose](): void {
    if (this.#open) this.#library.close(this.#stream);
    this.#open = false;
  }

  #begin(): void {
    this.#stream.fill(0);
    const result = this.#library.open(this.#stream, 0, 0);
    if (result !== BZIP2.ok) throw broken("bzip2", result);
    this.#open = true;
  }
}
