import { AssembledEntries, LineAssembler, type SpoolPosition } from "./line-assembler.ts";
import type { Spool } from "./spool.ts";

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
/** How far output may go on beyond a line that is not finished before the line is taken as it is. */
const MAX_HELD_BYTES = 1024 * 1024;

/** Reads a spool's entries one after the other. */
export class SpoolCursor {
  readonly #spool: Spool;
  readonly #assembler: LineAssembler;
  /** Offsets at which a process ended. */
  readonly #ends: number[] = [];
  /** Everything before was fed. */
  #offset: number;

  constructor(spool: Spool, position: SpoolPosition) {
    this.#spool = spool;
    this.#assembler = new LineAssembler(position);
    this.#offset = LineAssembler.startOf(position);
  }

  /** Offset up to which the spool was read. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether the end of a process was not reached yet. */
  get hasEnds(): boolean {
    return this.#ends.length > 0;
  }

  /** A process wrote nothing after `offset`. */
  endAt(offset: number): void {
    this.#ends.push(offset);
  }

  /** The next entries; none of them where there is no whole line at present, or only the beginning of one. */
  async next(): Promise<AssembledEntries> {
    const from = this.#offset;
    const end = this.#ends[0];
    const wanted = Math.min(CHUNK_BYTES, end === undefined ? CHUNK_BYTES : end - from);
    const chunk = await this.#spool.read(from, wanted);
    const into = new AssembledEntries(this.#assembler.positionAt(from));
    let start = 0;
    for (let newline = chunk.indexOf(NEWLINE); newline >= 0; newline = chunk.indexOf(NEWLINE, start)) {
      const line = chunk.subarray(start, newline);
      if (!this.#assembler.feed(line, from + start, into)) into.unreadableBytes += countUnreadable(line);
      start = newline + 1;
    }
    // No line of the format is that long: remains of a crash of the host.
    if (start === 0 && chunk.byteLength === CHUNK_BYTES) {
      into.unreadableBytes += countUnreadable(chunk);
      start = CHUNK_BYTES;
    }
    // The end of a process cuts off what it did not finish.
    if (end !== undefined && from + chunk.byteLength >= end) {
      into.unreadableBytes += countUnreadable(chunk.subarray(start));
      start = Math.max(start, end - from);
      this.#ends.shift();
      this.#assembler.flush(end, into);
    }
    this.#offset = from + Math.max(0, start);
    this.#assembler.flushOlderThan(this.#offset - MAX_HELD_BYTES, this.#offset, into);
    into.position = this.#assembler.positionAt(this.#offset);
    return into;
  }
}

/** Bytes that somebody wrote; those of a hole are nobody's. */
function countUnreadable(bytes: Buffer): number {
  return bytes.every((byte) => byte === 0) ? 0 : bytes.byteLength;
}
