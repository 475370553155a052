import type { FileHandle } from "node:fs/promises";
import type { LogEntry } from "../../../core/logs/log-store.ts";
import { LogTimeFormatter, LogTimeParser } from "../log-time.ts";
import type { EntryDecoder, LogFormat } from "./log-format.ts";

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;
// What docker's encoder does not write as it is.
const SPECIAL = /["\\<>&\u0000-\u001f\u2028\u2029]/;
const SPECIALS = /["\\<>&\u0000-\u001f\u2028\u2029]/g;

/**
 * Docker's json-file: a line `{"log":…,"stream":…,"attrs":{…},"time":…}` for each entry. Bytes that are not UTF-8 are
 * replaced, as docker replaces them.
 */
export class JsonFileFormat implements LogFormat {
  readonly #times = new LogTimeFormatter();
  readonly #attributes: string;

  /** `attributes` go with every entry. */
  constructor(attributes: Readonly<Record<string, string>>) {
    const names = Object.keys(attributes).sort();
    const members = names.map((name) => `${quote(name)}:${quote(attributes[name]!)}`);
    this.#attributes = names.length === 0 ? "" : `"attrs":{${members.join(",")}},`;
  }

  encode({ bytes, stream, timeNs }: LogEntry): string {
    const time = this.#times.format(timeNs);
    return `{"log":"${escapeBytes(bytes)}","stream":"${stream}",${this.#attributes}"time":"${time}"}\n`;
  }

  decoder(): EntryDecoder {
    return new JsonFileDecoder();
  }

  async findTail(file: FileHandle, sizeBytes: number, count: number) {
    if (count === 0) return { offset: sizeBytes, found: 0 };
    let found = 0;
    let position = sizeBytes;
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    while (position > 0) {
      const size = Math.min(BLOCK_BYTES, position);
      position -= size;
      await file.read(block, 0, size, position);
      for (
        let at = block.subarray(0, size).lastIndexOf(NEWLINE);
        at >= 0;
        at = at === 0 ? -1 : block.lastIndexOf(NEWLINE, at - 1)
      ) {
        // The newline at the very end closes the last entry.
        if (position + at + 1 === sizeBytes) continue;
        found++;
        if (found === count) return { offset: position + at + 1, found };
      }
    }
    return { offset: 0, found: sizeBytes > 0 ? found + 1 : 0 };
  }
}

function escapeBytes(bytes: Uint8Array): string {
  const buffer = bytes as Buffer;
  const newlineAtEnd = buffer.at(-1) === NEWLINE;
  const text = buffer.toString("utf8", 0, newlineAtEnd ? buffer.byteLength - 1 : buffer.byteLength);
  const escaped = SPECIAL.test(text) ? text.replace(SPECIALS, escapeCharacter) : text;
  return newlineAtEnd ? `${escaped}\\n` : escaped;
}

function quote(text: string): string {
  return `"${text.replace(SPECIALS, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '"':
    case "\\":
      return `\\${character}`;
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    default:
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }
}

interface JsonLine {
  readonly log?: unknown;
  readonly stream?: unknown;
  readonly time?: unknown;
}

class JsonFileDecoder implements EntryDecoder {
  readonly #times = new LogTimeParser();
  #rest: Buffer = Buffer.alloc(0);

  decode(bytes: Buffer): LogEntry[] {
    const text = this.#rest.byteLength > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const entries: LogEntry[] = [];
    let start = 0;
    for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
      const entry = this.#parse(text.toString("utf8", start, end));
      if (entry) entries.push(entry);
      start = end + 1;
    }
    this.#rest = text.subarray(start);
    return entries;
  }

  #parse(text: string): LogEntry | undefined {
    let line: JsonLine;
    try {
      line = JSON.parse(text) as JsonLine;
    } catch {
      // Cut off by a crash of the host, or emptied under the writer: no entry.
      return undefined;
    }
    if (typeof line?.time !== "string") return undefined;
    const log = typeof line.log === "string" ? line.log : "";
    return new JsonEntry(
      Buffer.from(log),
      line.stream === "stderr" ? "stderr" : "stdout",
      !log.endsWith("\n"),
      line.time,
      this.#times,
    );
  }
}

/** An entry whose time is parsed only when somebody asks for it. */
class JsonEntry implements LogEntry {
  readonly bytes: Buffer;
  readonly stream: LogEntry["stream"];
  readonly partial: boolean;
  readonly #time: string;
  readonly #times: LogTimeParser;

  constructor(
    bytes: Buffer,
    stream: LogEntry["stream"],
    partial: boolean,
    time: string,
    times: LogTimeParser,
  ) {
    this.bytes = bytes;
    this.stream = stream;
    this.partial = partial;
    this.#time = time;
    this.#times = times;
  }

  get timeNs(): bigint {
    return this.#times.parse(this.#time) ?? 0n;
  }
}
