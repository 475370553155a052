/** Cuts a TCP stream into messages, each behind its length in two bytes. Source: RFC 1035, section 4.2.2. */
export class StreamMessages {
  readonly #maxBytes: number;
  #rest: Uint8Array = new Uint8Array(0);
  #broken = false;

  /** Messages longer than `maxBytes` break the stream. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the peer sent something that no reader can go on from. */
  get broken(): boolean {
    return this.#broken;
  }

  /** The messages that are complete with these bytes. */
  push(bytes: Uint8Array): Uint8Array[] {
    if (this.#broken) return [];
    this.#rest = this.#rest.byteLength === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: Uint8Array[] = [];
    while (this.#rest.byteLength >= 2) {
      const length = (this.#rest[0]! << 8) | this.#rest[1]!;
      if (length === 0 || length > this.#maxBytes) {
        this.#broken = true;
        return messages;
      }
      if (this.#rest.byteLength < 2 + length) break;
      messages.push(this.#rest.slice(2, 2 + length));
      this.#rest = this.#rest.subarray(2 + length);
    }
    return messages;
  }

  /** A message with its length in front. */
  static frame(message: Uint8Array): Uint8Array {
    const framed = new Uint8Array(2 + message.byteLength);
    framed[0] = message.byteLength >>> 8;
    framed[1] = message.byteLength & 0xff;
    framed.set(message, 2);
    return framed;
  }
}
