import type { FileHandle } from "node:fs/promises";
import type { LogEntry, LogPart } from "../../../core/logs/log-store.ts";
import type { EntryDecoder, LogFormat } from "./log-format.ts";
import {
  decodeFields,
  encodeBytesField,
  encodeNumberField,
  encodeVarint,
  varintBytes,
  WIRE_BYTES,
  WIRE_VARINT,
  writeVarint,
} from "./protobuf.ts";

/** Before and after each entry stands its length, so that files can be read from both ends. */
const LENGTH_BYTES = 4;
const NEWLINE = 0x0a;
const NEWLINE_BYTES = Buffer.from("\n");
/** Longer than any entry: remains of a crash of the host. */
const MAX_ENTRY_BYTES = 1024 * 1024;
const FIELD = { source: 1, time: 2, line: 3, partial: 4, partMetadata: 5 } as const;
const PART_FIELD = { last: 1, id: 2, ordinal: 3 } as const;

const STDOUT_FIELD = encodeBytesField(FIELD.source, "stdout");
const STDERR_FIELD = encodeBytesField(FIELD.source, "stderr");

/** The format of docker's local driver: protobuf messages (`LogEntry` of its `entry.proto`) between their lengths. */
export class LocalFormat implements LogFormat {
  encode({ bytes, stream, timeNs, part }: LogEntry): Buffer {
    const lineBytes = bytes.at(-1) === NEWLINE ? bytes.byteLength - 1 : bytes.byteLength;
    const parts = part ? encodePart(part) : undefined;
    const partBytes = parts ? 2 + 1 + varintBytes(parts.byteLength) + parts.byteLength : 0;
    const time = encodeVarint(timeNs);
    const head = stream === "stdout" ? STDOUT_FIELD : STDERR_FIELD;
    const sizeBytes =
      head.byteLength + 1 + time.byteLength + 1 + varintBytes(lineBytes) + lineBytes + partBytes;
    // One buffer for each entry and nothing else: there are millions of them.
    const buffer = Buffer.allocUnsafe(sizeBytes + 2 * LENGTH_BYTES);
    let offset = buffer.writeUInt32BE(sizeBytes);
    buffer.set(head, offset);
    offset += head.byteLength;
    buffer[offset++] = (FIELD.time << 3) | WIRE_VARINT;
    buffer.set(time, offset);
    offset += time.byteLength;
    buffer[offset++] = (FIELD.line << 3) | WIRE_BYTES;
    offset = writeVarint(buffer, offset, lineBytes);
    buffer.set(lineBytes === bytes.byteLength ? bytes : bytes.subarray(0, lineBytes), offset);
    offset += lineBytes;
    if (parts) {
      buffer[offset++] = (FIELD.partial << 3) | WIRE_VARINT;
      buffer[offset++] = 1;
      buffer[offset++] = (FIELD.partMetadata << 3) | WIRE_BYTES;
      offset = writeVarint(buffer, offset, parts.byteLength);
      buffer.set(parts, offset);
      offset += parts.byteLength;
    }
    buffer.writeUInt32BE(sizeBytes, offset);
    return buffer;
  }

  decoder(): EntryDecoder {
    return new LocalDecoder();
  }

  async findTail(file: FileHandle, sizeBytes: number, count: number) {
    const length = Buffer.alloc(LENGTH_BYTES);
    let offset = sizeBytes;
    let found = 0;
    while (offset > 0 && found < count) {
      await file.read(length, 0, LENGTH_BYTES, offset - LENGTH_BYTES);
      const start = offset - length.readUInt32BE() - 2 * LENGTH_BYTES;
      if (start < 0) break;
      offset = start;
      found++;
    }
    return { offset, found };
  }
}

function encodePart({ id, ordinal, last }: LogPart): Buffer {
  const fields = [encodeBytesField(PART_FIELD.id, id), encodeNumberField(PART_FIELD.ordinal, ordinal)];
  return Buffer.concat(last ? [encodeNumberField(PART_FIELD.last, 1), ...fields] : fields);
}

class LocalDecoder implements EntryDecoder {
  #rest: Buffer = Buffer.alloc(0);

  decode(bytes: Buffer): LogEntry[] {
    const data = this.#rest.byteLength > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const entries: LogEntry[] = [];
    let offset = 0;
    while (data.byteLength - offset >= LENGTH_BYTES) {
      const size = data.readUInt32BE(offset);
      if (size > MAX_ENTRY_BYTES)
        throw new Error("the log file is damaged: an entry has no believable length");
      const end = offset + size + 2 * LENGTH_BYTES;
      if (end > data.byteLength) break;
      entries.push(decodeLogMessage(data.subarray(offset + LENGTH_BYTES, end - LENGTH_BYTES)));
      offset = end;
    }
    this.#rest = data.subarray(offset);
    return entries;
  }
}

/** Reads docker's `LogEntry`, whose line may or may not have its newline. What is no such message reads as an empty line. */
export function decodeLogMessage(message: Buffer, newline: "added" | "included" = "added"): LogEntry {
  let stream: LogEntry["stream"] = "stdout";
  let timeNs = 0n;
  let line: Buffer = Buffer.alloc(0);
  let part: LogPart | undefined;
  for (const { field, number, bytes } of decodeFields(message)) {
    if (field === FIELD.source && bytes.toString() === "stderr") stream = "stderr";
    else if (field === FIELD.time) timeNs = BigInt.asIntN(64, number);
    else if (field === FIELD.line) line = bytes;
    else if (field === FIELD.partMetadata) part = decodePart(bytes);
  }
  const partial = part !== undefined && !part.last;
  const bytes = partial || newline === "included" ? line : Buffer.concat([line, NEWLINE_BYTES]);
  return { timeNs, stream, bytes, partial, part };
}

function decodePart(message: Buffer): LogPart {
  let part: LogPart = { id: "", ordinal: 0, last: false };
  for (const { field, number, bytes } of decodeFields(message)) {
    if (field === PART_FIELD.last) part = { ...part, last: number !== 0n };
    else if (field === PART_FIELD.id) part = { ...part, id: bytes.toString() };
    else if (field === PART_FIELD.ordinal) part = { ...part, ordinal: Number(number) };
  }
  return part;
}
