import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { deflateSync, gzipSync } from "node:zlib";
import type { LogSource } from "../../../core/logs/log-driver.ts";
import type { LogEntry } from "../../../core/logs/log-store.ts";
import { collectAttributes } from "../attributes.ts";
import { DEFAULT_TAG, renderTag } from "../tag.ts";
import { lineOf } from "./message-sink.ts";

const SEVERITY = { stdout: 6, stderr: 3 } as const;
const CHUNK_MAGIC = Buffer.from([0x1e, 0x0f]);
const CHUNK_BYTES = 1420;
const CHUNK_HEADER_BYTES = 12;
const MAX_CHUNKS = 128;

/** Fields of every message of a container. */
export function gelfFields(source: LogSource): Readonly<Record<string, string>> {
  return {
    _container_id: source.containerId,
    _container_name: source.containerName,
    _image_id: source.imageId,
    _image_name: source.imageName,
    _command: source.command.join(" "),
    _tag: renderTag(source, DEFAULT_TAG),
    _created: source.createdAt,
    ...collectAttributes(source, (name) => (name.startsWith("_") ? name : `_${name}`)),
  };
}

/** A message, or undefined for an empty line, which GELF does not allow. Source: GELF payload specification 1.1. */
export function encodeGelf(fields: Readonly<Record<string, string>>, entry: LogEntry): Buffer | undefined {
  const line = lineOf(entry);
  if (line.byteLength === 0) return undefined;
  const message = {
    version: "1.1",
    host: hostname(),
    short_message: line.toString("utf8"),
    timestamp: Number(entry.timeNs / 1_000_000n) / 1000,
    level: SEVERITY[entry.stream],
    ...fields,
  };
  return Buffer.from(JSON.stringify(message));
}

export type GelfCompression = "gzip" | "zlib" | "none";

export function compressGelf(message: Buffer, compression: GelfCompression, level: number): Buffer {
  switch (compression) {
    case "gzip":
      return gzipSync(message, { level });
    case "zlib":
      return deflateSync(message, { level });
    case "none":
      return message;
  }
}

/** The datagrams of a message. One that is too long for GELF has none. Source: GELF via UDP, "Chunking". */
export function splitGelf(message: Buffer): Buffer[] {
  if (message.byteLength <= CHUNK_BYTES) return [message];
  const bodyBytes = CHUNK_BYTES - CHUNK_HEADER_BYTES;
  const count = Math.ceil(message.byteLength / bodyBytes);
  if (count > MAX_CHUNKS) return [];
  const id = randomBytes(8);
  return Array.from({ length: count }, (_, index) =>
    Buffer.concat([
      CHUNK_MAGIC,
      id,
      Buffer.from([index, count]),
      message.subarray(index * bodyBytes, (index + 1) * bodyBytes),
    ]),
  );
}
