/**
 * The frames in which stdout and stderr share one stream when there is no terminal: one byte of stream type, three
 * of zero, the payload's length as four bytes big endian, the payload.
 * Source: Docker Engine API, `POST /containers/{id}/attach`, "Stream format".
 */

export const STDOUT_STREAM = 1;
export const STDERR_STREAM = 2;
/** An error of the engine in the middle of a stream. */
export const SYSTEMERR_STREAM = 3;

export type StreamType = 0 | 1 | 2 | 3;

const HEADER_BYTES = 8;

/** The header of a frame with `payloadBytes` bytes behind it. */
export function encodeFrameHeader(stream: StreamType, payloadBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = stream;
  header.writeUInt32BE(payloadBytes, 4);
  return header;
}

/** A whole frame. */
export function encodeFrame(stream: StreamType, payload: Uint8Array): Buffer {
  return Buffer.concat([encodeFrameHeader(stream, payload.length), payload]);
}

/** A piece of one stream's output; a frame may arrive in several. */
export interface FramePiece {
  readonly stream: StreamType;
  readonly bytes: Buffer;
}

/**
 * Takes a framed stream apart as it arrives. Payload is handed on as soon as it is there and never copied, so a frame
 * of any length takes no memory.
 */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #stream: StreamType = STDOUT_STREAM;
  #payloadLeft = 0;

  /** The pieces that `chunk` holds. Throws on a stream type that does not exist: then the stream is not framed. */
  *push(chunk: Buffer): Generator<FramePiece> {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#payloadLeft === 0) {
        offset += this.#takeHeader(chunk, offset);
        continue;
      }
      const end = Math.min(chunk.length, offset + this.#payloadLeft);
      this.#payloadLeft -= end - offset;
      yield { stream: this.#stream, bytes: chunk.subarray(offset, end) };
      offset = end;
    }
  }

  /** Whether the stream may end here. */
  get atFrameEnd(): boolean {
    return this.#payloadLeft === 0 && this.#headerBytes === 0;
  }

  #takeHeader(chunk: Buffer, offset: number): number {
    const taken = chunk.copy(
      this.#header,
      this.#headerBytes,
      offset,
      Math.min(chunk.length, offset + HEADER_BYTES - this.#headerBytes),
    );
    this.#headerBytes += taken;
    if (this.#headerBytes < HEADER_BYTES) return taken;
    this.#headerBytes = 0;
    const stream = this.#header[0]!;
    if (stream > SYSTEMERR_STREAM) throw new Error(`Unrecognized input header: ${stream}`);
    this.#stream = stream as StreamType;
    this.#payloadLeft = this.#header.readUInt32BE(4);
    return taken;
  }
}
