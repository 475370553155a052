import { invalidArgument } from "../../../base/errors.ts";

const ATTRIBUTE_HEADER_BYTES = 4;
const TYPE_MASK = 0x3fff;
const NLA_F_NESTED = 0x8000;

/** `length` rounded up to the four bytes that netlink aligns to. */
export function align(length: number): number {
  return (length + 3) & ~3;
}

/**
 * Builds the body of a netlink message: a fixed header, then attributes in the order they are written, each aligned
 * to four bytes. Numbers are little-endian, as on every machine that the engine runs on, unless a method says `be`
 * (network order). Source: netlink(7).
 */
export class BodyWriter {
  #bytes: Buffer;
  #length: number;

  /** Starts with `header`, the protocol's fixed struct (ifinfomsg, rtmsg …), which is copied. */
  constructor(header: Uint8Array) {
    this.#bytes = Buffer.alloc(Math.max(256, header.length + 64));
    this.#bytes.set(header, 0);
    this.#length = align(header.length);
  }

  u8(type: number, value: number | boolean): this {
    this.#attribute(type, 1)[0] = Number(value);
    return this;
  }

  u16(type: number, value: number): this {
    this.#attribute(type, 2).writeUInt16LE(value);
    return this;
  }

  u16be(type: number, value: number): this {
    this.#attribute(type, 2).writeUInt16BE(value);
    return this;
  }

  u32(type: number, value: number): this {
    this.#attribute(type, 4).writeUInt32LE(value >>> 0);
    return this;
  }

  u32be(type: number, value: number): this {
    this.#attribute(type, 4).writeUInt32BE(value >>> 0);
    return this;
  }

  bytes(type: number, value: Uint8Array): this {
    this.#attribute(type, value.length).set(value);
    return this;
  }

  /** Text with its terminating NUL, or without where the kernel takes the length as given. */
  text(type: number, value: string, terminated = true): this {
    if (value.includes("\0")) throw invalidArgument("a name must not contain a NUL character");
    return this.bytes(type, Buffer.from(terminated ? `${value}\0` : value));
  }

  /** An attribute whose value is what `write` adds; `prefix` is a fixed struct before the nested attributes. */
  nest(type: number, write: (body: this) => void, options: NestOptions = {}): this {
    const start = this.#length;
    const prefix = options.prefix ?? new Uint8Array(0);
    this.bytes(options.marked ? type | NLA_F_NESTED : type, prefix);
    write(this);
    this.#bytes.writeUInt16LE(this.#length - start, start);
    return this;
  }

  /** A copy of the body so far. */
  finish(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
  }

  /** Adds an attribute and returns the `size` zero bytes of its value, to be filled before the next one is added. */
  #attribute(type: number, size: number): Buffer {
    const start = this.#length;
    const end = start + align(ATTRIBUTE_HEADER_BYTES + size);
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, start));
      this.#bytes = larger;
    }
    this.#bytes.writeUInt16LE(ATTRIBUTE_HEADER_BYTES + size, start);
    this.#bytes.writeUInt16LE(type, start + 2);
    this.#length = end;
    const valueAt = start + ATTRIBUTE_HEADER_BYTES;
    return this.#bytes.subarray(valueAt, valueAt + size);
  }
}

export interface NestOptions {
  /** Fixed struct that comes before the nested attributes (the ifinfomsg of a veth peer, say). */
  readonly prefix?: Uint8Array;
  /** Whether the nested flag is set; newer parts of the kernel insist on it, older ones expect it unset. */
  readonly marked?: boolean;
}

/**
 * The attributes of a message body or of a nested attribute, each value a view into `bytes`. Reading an absent or
 * short attribute gives undefined. Of attributes that occur twice the last one counts.
 */
export class Attributes {
  readonly #values = new Map<number, Buffer>();

  constructor(bytes: Uint8Array, offset = 0) {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = offset;
    while (at + ATTRIBUTE_HEADER_BYTES <= view.length) {
      const length = view.readUInt16LE(at);
      // A length below the header's own would make this loop endless; the kernel never sends it.
      if (length < ATTRIBUTE_HEADER_BYTES || at + length > view.length) break;
      const type = view.readUInt16LE(at + 2) & TYPE_MASK;
      this.#values.set(type, view.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length));
      at += align(length);
    }
  }

  has(type: number): boolean {
    return this.#values.has(type);
  }

  bytes(type: number): Buffer | undefined {
    return this.#values.get(type);
  }

  u8(type: number): number | undefined {
    return this.#sized(type, 1)?.[0];
  }

  u16(type: number): number | undefined {
    return this.#sized(type, 2)?.readUInt16LE(0);
  }

  u16be(type: number): number | undefined {
    return this.#sized(type, 2)?.readUInt16BE(0);
  }

  u32(type: number): number | undefined {
    return this.#sized(type, 4)?.readUInt32LE(0);
  }

  u32be(type: number): number | undefined {
    return this.#sized(type, 4)?.readUInt32BE(0);
  }

  text(type: number): string | undefined {
    const value = this.#values.get(type);
    if (value === undefined) return undefined;
    const end = value.indexOf(0);
    return value.toString("utf8", 0, end < 0 ? value.length : end);
  }

  /** The nested attributes after `prefixBytes` of fixed struct; empty where the attribute is absent. */
  nested(type: number, prefixBytes = 0): Attributes {
    return new Attributes(this.#values.get(type) ?? new Uint8Array(0), prefixBytes);
  }

  #sized(type: number, size: number): Buffer | undefined {
    const value = this.#values.get(type);
    return value !== undefined && value.length >= size ? value : undefined;
  }
}
