import { randomBytes } from "node:crypto";
import type { LogEntry, LogPart } from "../../../core/logs/log-store.ts";
import { LogTimeParser } from "../log-time.ts";
import { parseCriLine } from "./cri-line.ts";

/** Docker's longest entry; longer lines come in parts. */
const MAX_ENTRY_BYTES = 16 * 1024;
const NEWLINE = Buffer.from("\n");
const STREAMS = ["stdout", "stderr"] as const;

/** A line of which not everything has become entries. A plain JSON value. */
export interface HeldLine {
  /** Where in the spool the first byte is that is in no entry yet. */
  readonly offset: number;
  /** Parts that have become entries. */
  readonly parts: number;
  /** Of all parts of the line; empty while there is none. */
  readonly id: string;
  /** Time of the first part, in nanoseconds; as text, since JSON has no such numbers. */
  readonly time: string;
}

/** What is needed to go on assembling from some place. A plain JSON value. */
export interface SpoolPosition {
  /** Everything before was looked at. */
  readonly offset: number;
  readonly held: { readonly stdout?: HeldLine; readonly stderr?: HeldLine };
}

/** Entries in the order of the spool, each with the position after it. */
export class AssembledEntries {
  readonly entries: LogEntry[] = [];
  readonly #ends: number[] = [];
  readonly #held: SpoolPosition["held"][] = [];
  /** Where reading goes on. */
  position: SpoolPosition;
  /** Bytes that were no lines of the spool's format. */
  unreadableBytes = 0;

  constructor(position: SpoolPosition) {
    this.position = position;
  }

  add(entry: LogEntry, end: number, held: SpoolPosition["held"]): void {
    this.entries.push(entry);
    this.#ends.push(end);
    this.#held.push(held);
  }

  /** The position after the first `count` entries. */
  positionAfter(count: number): SpoolPosition {
    if (count === this.entries.length) return this.position;
    return { offset: this.#ends[count - 1]!, held: this.#held[count - 1]! };
  }
}

interface OpenLine {
  state: HeldLine;
  content: Buffer[];
  sizeBytes: number;
}

/**
 * Makes entries as docker cuts them from lines of the spool: a line that was written bit by bit is one entry, one
 * longer than 16 KiB comes in parts, and what is left without a newline at the end of a process is a part.
 */
export class LineAssembler {
  readonly #times = new LogTimeParser();
  readonly #open: { stdout: OpenLine | undefined; stderr: OpenLine | undefined } = {
    stdout: undefined,
    stderr: undefined,
  };
  readonly #replayUntil: number;
  #held: SpoolPosition["held"];

  /** Goes on from a position; lines are to be fed from `startOf(position)` on. */
  constructor(position: SpoolPosition) {
    this.#held = position.held;
    this.#replayUntil = position.offset;
    for (const stream of STREAMS) {
      const state = position.held[stream];
      if (state) this.#open[stream] = { state, content: [], sizeBytes: 0 };
    }
  }

  /** Where the lines begin that a position still needs. */
  static startOf({ offset, held }: SpoolPosition): number {
    return Math.min(offset, held.stdout?.offset ?? offset, held.stderr?.offset ?? offset);
  }

  /** Adds the entries that the line at `start` (without its newline) completes. False where it is no line. */
  feed(line: Buffer, start: number, into: AssembledEntries): boolean {
    const end = start + line.byteLength + 1;
    const parsed = parseCriLine(line);
    const timeNs = parsed && this.#times.parse(parsed.time);
    if (parsed === undefined || timeNs === undefined) return false;
    const { stream, partial, content } = parsed;
    let open = this.#open[stream];
    // Lines that were read before are only needed for what was held of them.
    if (start < this.#replayUntil && (!open || start < open.state.offset)) return true;
    if (!open) {
      if (!partial) {
        into.add(
          { timeNs, stream, bytes: Buffer.concat([content, NEWLINE]), partial: false },
          end,
          this.#held,
        );
        return true;
      }
      open = { state: { offset: start, parts: 0, id: "", time: String(timeNs) }, content: [], sizeBytes: 0 };
      this.#open[stream] = open;
      this.#keepState(stream, open.state);
    }
    if (open.sizeBytes > 0 && open.sizeBytes + content.byteLength > MAX_ENTRY_BYTES) {
      this.#addPart(stream, open, start, into);
    }
    // The rest of the chunk must not be kept alive by a few bytes of it.
    if (partial) {
      open.content.push(Buffer.from(content));
      open.sizeBytes += content.byteLength;
      return true;
    }
    this.#closeLine(stream, open, content, timeNs, end, into);
    return true;
  }

  /** The process has ended at `offset`: what has no newline stays without. */
  flush(offset: number, into: AssembledEntries): void {
    for (const stream of STREAMS) this.#giveUp(stream, offset, into);
  }

  /** As `flush` for lines begun before `limit`: nobody waits for their end any longer. */
  flushOlderThan(limit: number, offset: number, into: AssembledEntries): void {
    for (const stream of STREAMS) {
      const open = this.#open[stream];
      if (open && open.sizeBytes > 0 && open.state.offset < limit) this.#addPart(stream, open, offset, into);
    }
  }

  /** The position after everything that was fed up to `offset`. */
  positionAt(offset: number): SpoolPosition {
    return { offset, held: this.#held };
  }

  #closeLine(
    stream: LogEntry["stream"],
    open: OpenLine,
    content: Buffer,
    timeNs: bigint,
    end: number,
    into: AssembledEntries,
  ): void {
    const { parts, id, time } = open.state;
    const bytes = Buffer.concat([...open.content, content, NEWLINE]);
    this.#open[stream] = undefined;
    this.#keepState(stream, undefined);
    const part: LogPart | undefined = parts > 0 ? { id, ordinal: parts + 1, last: true } : undefined;
    const entryTimeNs = parts > 0 ? BigInt(time) : timeNs;
    into.add({ timeNs: entryTimeNs, stream, bytes, partial: false, part }, end, this.#held);
  }

  #giveUp(stream: LogEntry["stream"], offset: number, into: AssembledEntries): void {
    const open = this.#open[stream];
    if (!open) return;
    if (open.sizeBytes > 0) this.#addPart(stream, open, offset, into);
    this.#open[stream] = undefined;
    this.#keepState(stream, undefined);
  }

  /** What is held becomes an entry; the line goes on at `next`. */
  #addPart(stream: LogEntry["stream"], open: OpenLine, next: number, into: AssembledEntries): void {
    const { parts, time } = open.state;
    const id = open.state.id || randomBytes(32).toString("hex");
    const bytes = Buffer.concat(open.content);
    open.state = { offset: next, parts: parts + 1, id, time };
    open.content = [];
    open.sizeBytes = 0;
    this.#keepState(stream, open.state);
    const part: LogPart = { id, ordinal: parts + 1, last: false };
    into.add({ timeNs: BigInt(time), stream, bytes, partial: true, part }, next, this.#held);
  }

  #keepState(stream: LogEntry["stream"], state: HeldLine | undefined): void {
    const { [stream]: _replaced, ...others } = this.#held;
    this.#held = state ? { ...others, [stream]: state } : others;
  }
}
