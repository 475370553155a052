/** The few parts of protobuf's wire format that the local driver's entries need. Source: protobuf.dev, "Encoding". */

const LOW_VARINT_BYTES = 7;
const LOW_SHIFT = 49n;
const LOW_BITS = (1n << LOW_SHIFT) - 1n;

export const WIRE_VARINT = 0;
export const WIRE_BYTES = 2;
const WIRE_FIXED64 = 1;
const WIRE_FIXED32 = 5;

export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** Writes a number below 2^53; the offset after it. */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  let end = offset;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[end++] = (rest % 0x80) | 0x80;
  target[end++] = rest;
  return end;
}

export function encodeVarint(value: number | bigint): Buffer {
  if (typeof value === "bigint" && value > BigInt(Number.MAX_SAFE_INTEGER)) {
    // The lower seven groups of seven bits, and the rest: numbers are much faster.
    const low = Number(value & LOW_BITS);
    const head = Buffer.alloc(LOW_VARINT_BYTES, 0x80);
    for (let index = 0, rest = low; index < LOW_VARINT_BYTES; index++, rest = Math.floor(rest / 0x80)) {
      head[index] = (rest % 0x80) | 0x80;
    }
    return Buffer.concat([head, encodeVarint(Number(value >> LOW_SHIFT))]);
  }
  const number = Number(value);
  const bytes = Buffer.allocUnsafe(varintBytes(number));
  writeVarint(bytes, 0, number);
  return bytes;
}

export function encodeNumberField(field: number, value: number | bigint): Buffer {
  return Buffer.concat([encodeVarint((field << 3) | WIRE_VARINT), encodeVarint(value)]);
}

export function encodeBytesField(field: number, value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([encodeVarint((field << 3) | WIRE_BYTES), encodeVarint(bytes.byteLength), bytes]);
}

export interface ProtobufField {
  readonly field: number;
  /** Of a number. */
  readonly number: bigint;
  /** Of text, bytes or a message. */
  readonly bytes: Buffer;
}

const NO_BYTES = Buffer.alloc(0);

/** The fields of a message. Stops where the bytes are no message. */
export function* decodeFields(message: Buffer): Generator<ProtobufField, void, undefined> {
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    // Seven groups of seven bits fit a number.
    for (let shift = 0n; ; shift += LOW_SHIFT) {
      let low = 0;
      let factor = 1;
      for (let group = 0; group < LOW_VARINT_BYTES; group++, factor *= 0x80) {
        if (offset >= message.byteLength) return value | (BigInt(low) << shift);
        const byte = message[offset++]!;
        low += (byte & 0x7f) * factor;
        if (byte < 0x80) return value | (BigInt(low) << shift);
      }
      value |= BigInt(low) << shift;
    }
  };
  while (offset < message.byteLength) {
    const key = Number(varint());
    const field = key >> 3;
    switch (key & 7) {
      case WIRE_VARINT:
        yield { field, number: varint(), bytes: NO_BYTES };
        break;
      case WIRE_BYTES: {
        const size = Number(varint());
        yield { field, number: 0n, bytes: message.subarray(offset, offset + size) };
        offset += size;
        break;
      }
      case WIRE_FIXED64:
        offset += 8;
        break;
      case WIRE_FIXED32:
        offset += 4;
        break;
      default:
        return;
    }
  }
}
