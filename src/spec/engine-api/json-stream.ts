import { StringDecoder } from "node:string_decoder";

/** Decides what a member becomes; `source` is a number's or string's own text, which a double may not hold. */
export type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * Takes a stream of JSON values apart as it arrives: one after the other, with or without white space between them,
 * or framed as `application/json-seq` (RFC 7464). Objects and arrays are what the Engine API sends; a bare scalar is
 * complete at the white space behind it.
 */
export class JsonStreamDecoder<T = unknown> {
  readonly #revive: Reviver | undefined;
  readonly #utf8 = new StringDecoder("utf8");
  #text = "";
  /** Where the scan of #text goes on, so that a long value is scanned once. */
  #scanned = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(revive?: Reviver) {
    this.#revive = revive;
  }

  /** The values that end in `chunk`. Throws a SyntaxError on what is not JSON. */
  push(chunk: Uint8Array): T[] {
    this.#text += this.#utf8.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this.#take();
  }

  /** The value that only the end of the stream completes. Throws where the stream is cut short. */
  end(): T[] {
    this.#text += `${this.#utf8.end()}\n`;
    const values = this.#take();
    if (this.#text.trim() !== "") throw new SyntaxError("unexpected EOF");
    return values;
  }

  #take(): T[] {
    const values: T[] = [];
    let start = 0;
    let at = this.#scanned;
    const text = this.#text;
    for (; at < text.length; at++) {
      if (!this.#endsValue(text.charCodeAt(at))) continue;
      const value = text.slice(start, at + 1).replaceAll("\u001e", "");
      start = at + 1;
      if (value.trim() !== "") values.push(JSON.parse(value, this.#revive as never) as T);
    }
    this.#text = text.slice(start);
    this.#scanned = at - start;
    return values;
  }

  #endsValue(code: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (code === 0x5c) this.#escaped = true;
      else if (code === 0x22) this.#inString = false;
      return false;
    }
    if (code === 0x22) this.#inString = true;
    else if (code === 0x7b || code === 0x5b) this.#depth++;
    else if (code === 0x7d || code === 0x5d) return --this.#depth === 0;
    else if (this.#depth === 0) return code === 0x0a || code === 0x0d || code === 0x20 || code === 0x09;
    return false;
  }
}

/** The values of a stream, in order. The source is closed when the consumer stops early. */
export async function* decodeJsonStream<T>(
  source: AsyncIterable<Uint8Array>,
  revive?: Reviver,
): AsyncGenerator<T> {
  const decoder = new JsonStreamDecoder<T>(revive);
  for await (const chunk of source) yield* decoder.push(chunk);
  yield* decoder.end();
}
