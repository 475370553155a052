/** The few parts of MessagePack that the forward protocol needs. Source: msgpack specification. */

const STRING_8 = 0xd9;
const STRING_16 = 0xda;
const STRING_32 = 0xdb;

function stringHeader(length: number): Buffer {
  if (length < 32) return Buffer.from([0xa0 | length]);
  if (length < 0x100) return Buffer.from([STRING_8, length]);
  const long = length >= 0x10000;
  const header = Buffer.alloc(long ? 5 : 3);
  header[0] = long ? STRING_32 : STRING_16;
  if (long) header.writeUInt32BE(length, 1);
  else header.writeUInt16BE(length, 1);
  return header;
}

export function packString(text: string | Uint8Array): Buffer {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return Buffer.concat([stringHeader(bytes.byteLength), bytes]);
}

/** The header of an array of up to 15 items. */
export function packArrayHeader(length: number): Buffer {
  return Buffer.from([0x90 | length]);
}

export function packMap(map: ReadonlyMap<string, string | Uint8Array>): Buffer {
  const header = Buffer.alloc(map.size < 16 ? 1 : 3);
  if (map.size < 16) header[0] = 0x80 | map.size;
  else {
    header[0] = 0xde;
    header.writeUInt16BE(map.size, 1);
  }
  const parts: Buffer[] = [header];
  for (const [key, value] of map) parts.push(packString(key), packString(value));
  return Buffer.concat(parts);
}

export function packUint32(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = 0xce;
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

/** A time with nanoseconds as the forward protocol's extension type 0. Source: Forward Protocol v1, "EventTime". */
export function packEventTime(timeNs: bigint): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = 0xd7;
  bytes.writeUInt32BE(Number(timeNs / 1_000_000_000n), 2);
  bytes.writeUInt32BE(Number(timeNs % 1_000_000_000n), 6);
  return bytes;
}

/** A map of short texts, as acknowledgements are; undefined while it is not all there. Throws where it is something else. */
export function unpackTextMap(bytes: Buffer): Map<string, string> | undefined {
  let offset = 0;
  const text = (): string | undefined => {
    const type = bytes[offset];
    if (type === undefined) return undefined;
    let length: number;
    if (type >> 5 === 0b101) {
      length = type & 0x1f;
      offset += 1;
    } else if (type === STRING_8 && offset + 1 < bytes.byteLength) {
      length = bytes[offset + 1]!;
      offset += 2;
    } else throw new Error("the log sink's answer is not understood");
    if (offset + length > bytes.byteLength) return undefined;
    offset += length;
    return bytes.toString("utf8", offset - length, offset);
  };
  const header = bytes[offset++];
  if (header === undefined) return undefined;
  if (header >> 4 !== 0b1000) throw new Error("the log sink's answer is not understood");
  const map = new Map<string, string>();
  for (let left = header & 0x0f; left > 0; left--) {
    const key = text();
    const value = text();
    if (key === undefined || value === undefined) return undefined;
    map.set(key, value);
  }
  return map;
}
