import { delay } from "../../base/async.ts";
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { nowNs } from "../../base/time.ts";
import type { LogSink, LogStore, StoreMark } from "../../core/logs/log-driver.ts";
import type { LogEntry } from "../../core/logs/log-store.ts";
import { type AssembledEntries, LineAssembler, type Spool, SpoolCursor } from "../../drivers/logs/mod.ts";
import { type LostOutput, PositionFile, type PumpPosition, START } from "./position-file.ts";

export interface PumpOptions {
  readonly containerId: string;
  /** For messages: the driver's name, or `cache`. */
  readonly name: string;
  readonly spool: Spool;
  readonly positionPath: string;
  readonly open: () => LogSink;
  /** Whoever worked on the same files before is done. */
  readonly ready: Promise<unknown>;
  /** Output that may wait in the spool while the sink takes none; older output is given up. */
  readonly maxBacklogBytes: number;
  readonly logger: Logger;
  /** Called when the spool is not needed any more up to some further place. */
  readonly onProgress: () => void;
}

interface Waiter {
  readonly offset: number;
  readonly unlessFailing: boolean;
  readonly resolve: () => void;
}

/** A mark older than any file. */
const NOTHING_STORED: StoreMark = { file: "", sizeBytes: 0 };
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** How often a sink that hangs is looked after. */
const BACKLOG_CHECK_MS = 250;
/** Lines that come one by one are gathered that long: a write for each of them would cost more than they do. */
const GATHER_MS = 5;
const GATHER_BELOW_BYTES = 4096;

/**
 * Feeds one sink from the spool, from where the last engine stopped. The sink's pace is its own: the container never
 * waits. A store gets each entry once, also over a crash of the engine; a sink elsewhere gets each at least once.
 */
export class LogPump implements AsyncDisposable {
  readonly #options: PumpOptions;
  readonly #positionFile: PositionFile;
  readonly #closing = new AbortController();
  readonly #ends: number[] = [];
  readonly #running: Promise<void>;
  #waiters: Waiter[] = [];
  #sink: LogSink | undefined;
  #cursor: SpoolCursor | undefined;
  #position: PumpPosition = START;
  #failures = 0;
  #skipping = false;
  /** What was read of the spool, maybe only the end of what was held back of it, is on its way to the sink. */
  #delivering = false;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#positionFile = new PositionFile(options.positionPath);
    this.#running = this.#runUntilClosed();
  }

  /** Offset before which this pump needs nothing of the spool. */
  get neededFrom(): number {
    return this.#cursor ? LineAssembler.startOf(this.#position.spool) : 0;
  }

  /**
   * Resolves when the sink has all of the spool up to `offset`, or when the pump has ended; with `unlessFailing` also as
   * soon as the sink takes nothing.
   */
  caughtUp(offset: number, options: { readonly unlessFailing?: boolean } = {}): Promise<void> {
    const unlessFailing = options.unlessFailing ?? false;
    if (unlessFailing && this.#failures > 0) return Promise.resolve();
    const isIdle = this.#cursor && !this.#cursor.hasEnds && !this.#delivering;
    if (isIdle && this.#position.spool.offset >= offset) return Promise.resolve();
    if (this.#closing.signal.aborted) return this.#running;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ offset, unlessFailing, resolve });
    this.#options.spool.wake();
    return promise;
  }

  /** The container's process has ended and wrote nothing after `offset`; `caughtUp` waits for that to be taken in. */
  endAt(offset: number): void {
    if (this.#cursor) this.#cursor.endAt(offset);
    else this.#ends.push(offset);
    this.#options.spool.wake();
  }

  /** The sink knows of the container. Rejects when the pump is closed, and where the sink does. */
  async prepare(): Promise<void> {
    await this.#openSink().prepare?.(this.#closing.signal);
  }

  /** The sink is closed until there is more for it: whoever reads there learns that this was all. */
  async rest(): Promise<void> {
    const sink = this.#sink;
    this.#sink = undefined;
    await sink?.[Symbol.asyncDispose]();
  }

  /** Stops where it is; what the sink has not got stays in the spool. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#options.spool.wake();
    await this.#running;
    await this.#positionFile[Symbol.asyncDispose]();
    await this.#sink?.[Symbol.asyncDispose]();
    this.#sink = undefined;
  }

  async #runUntilClosed(): Promise<void> {
    await this.#options.ready;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#run();
      } catch (error) {
        if (this.#closing.signal.aborted) break;
        this.#warn(error, "feeding a log failed; trying again");
        await delay(MAX_RETRY_MS, this.#closing.signal).catch(() => {
          // Closed meanwhile: the loop ends.
        });
      }
    }
    this.#release(Infinity);
  }

  async #run(): Promise<void> {
    const { spool } = this.#options;
    const cursor = await this.#resume();
    for (const end of this.#ends) cursor.endAt(end);
    this.#cursor = cursor;
    while (!this.#closing.signal.aborted) {
      // Asked for before looking, so that nothing written in between is missed.
      const changed = spool.changed();
      const askedFor = this.#waiters.length > 0 ? await spool.size() : 0;
      const before = cursor.offset;
      this.#delivering = true;
      const batch = await cursor.next();
      if (batch.unreadableBytes > 0) {
        this.#countLost({ lines: 0, bytes: batch.unreadableBytes });
        this.#warnOfLoss("the spool could not be written, or is damaged");
      }
      await this.#deliver(batch);
      this.#delivering = false;
      this.#release(this.#position.spool.offset);
      const readBytes = cursor.offset - before;
      if (readBytes > 0) {
        if (readBytes < GATHER_BELOW_BYTES && this.#waiters.length === 0) {
          await delay(GATHER_MS, this.#closing.signal);
        }
        continue;
      }
      // A waiter that asks for more than there are whole lines gets what there is.
      this.#release(askedFor);
      await changed;
    }
  }

  async #resume(): Promise<SpoolCursor> {
    const { spool } = this.#options;
    const stored = await this.#retrying(() => this.#positionFile.load());
    this.#position = stored === undefined || stored === "none" ? START : stored;
    // What a store has from before the first position was stored comes from the spool once more.
    const mark = stored === "none" ? NOTHING_STORED : this.#position.mark;
    const sink = mark && this.#openSink();
    if (mark && sink && isStore(sink)) await this.#retrying(() => sink.rollBack(mark));
    // After a crash of the host the position may have reached the disk and the spool not.
    const size = await spool.size();
    if (this.#position.spool.offset > size) {
      this.#position = { ...this.#position, spool: { offset: size, held: {} } };
    }
    return new SpoolCursor(spool, this.#position.spool);
  }

  /** The sink has the entries, or they are counted as lost. Rejects when the pump is closed. */
  async #deliver(batch: AssembledEntries): Promise<void> {
    const { entries } = batch;
    let done = this.#skipping ? await this.#skip(batch) : 0;
    while (done < entries.length || (this.#hasToSay && !this.#skipping)) {
      try {
        await this.#sayWhatWasLost(entries[done]?.timeNs ?? nowNs());
        if (done < entries.length) {
          done += await this.#write(done === 0 ? entries : entries.slice(done));
          await this.#commit({ ...this.#position, spool: batch.positionAfter(done), mark: this.#mark() });
        }
        this.#failures = 0;
      } catch (error) {
        if (this.#closing.signal.aborted) throw error;
        if (this.#failures === 0) this.#warn(error, "the log driver takes no output");
        const verdict = await this.#afterFailure();
        if (verdict === "again") continue;
        if (verdict === "skip") {
          done = await this.#skip(batch, done);
        } else {
          this.#countLost(sumUp(entries.slice(done)));
          done = entries.length;
        }
        this.#warnOfLoss(messageOf(error));
        if (done === entries.length) break;
      }
    }
    if (this.#position.spool.offset !== batch.position.offset) {
      this.#position = { ...this.#position, spool: batch.position };
    }
  }

  async #write(entries: readonly LogEntry[]): Promise<number> {
    using hurry = this.#abortOnBacklog();
    return await this.#openSink().write(entries, hurry.signal);
  }

  /** A signal for one write: aborted when the pump closes, or when more waits than may. */
  #abortOnBacklog(): { readonly signal: AbortSignal } & Disposable {
    const overflow = new AbortController();
    const close = () => overflow.abort(this.#closing.signal.reason);
    this.#closing.signal.addEventListener("abort", close, { once: true });
    const timer = setInterval(() => {
      this.#backlogBytes().then(
        (backlogBytes) => {
          if (backlogBytes > this.#maxBacklogBytes) overflow.abort(new Error("the log sink takes no output"));
        },
        // The write itself will say what is wrong with the disk.
        () => {},
      );
    }, BACKLOG_CHECK_MS);
    timer.unref();
    return {
      signal: overflow.signal,
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.#closing.signal.removeEventListener("abort", close);
      },
    };
  }

  /** Too much waits: entries are read over from `first` on until half of what may wait is left. How many were done with. */
  async #skip(batch: AssembledEntries, first = 0): Promise<number> {
    const { entries } = batch;
    const keepFrom = (await this.#options.spool.size()) - this.#maxBacklogBytes / 2;
    let done = first;
    while (done < entries.length && batch.positionAfter(done + 1).offset <= keepFrom) done++;
    this.#skipping = done === entries.length;
    this.#countLost(sumUp(entries.slice(first, done)));
    if (done > 0) await this.#commit({ ...this.#position, spool: batch.positionAfter(done) });
    if (!this.#skipping) this.#warnOfLoss("the log driver was too slow");
    return done;
  }

  /** Waits before the next attempt, or says that entries are to be given up: these, or as many as are too many. */
  async #afterFailure(): Promise<"again" | "skip" | "give up"> {
    this.#failures++;
    this.#releaseWhere(({ unlessFailing }) => unlessFailing);
    if ((await this.#backlogBytes()) > this.#maxBacklogBytes) return "skip";
    const { retry } = this.#openSink();
    if (retry?.attempts !== undefined && this.#failures > retry.attempts) return "give up";
    await delay(
      retry?.waitMs ?? Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS),
      this.#closing.signal,
    );
    return "again";
  }

  async #retrying<T>(task: () => Promise<T>): Promise<T> {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      try {
        return await task();
      } catch (error) {
        this.#warn(error, "resuming a log");
        await delay(waitMs, this.#closing.signal);
      }
    }
  }

  async #backlogBytes(): Promise<number> {
    return (await this.#options.spool.size()) - this.#position.spool.offset;
  }

  get #maxBacklogBytes(): number {
    return this.#sink?.maxBacklogBytes ?? this.#options.maxBacklogBytes;
  }

  #countLost({ lines, bytes }: LostOutput): void {
    const before = this.#position.lost;
    this.#position = {
      ...this.#position,
      lost: { lines: before.lines + lines, bytes: before.bytes + bytes },
    };
  }

  /** Says in the engine's log what is not yet said in the container's. */
  #warnOfLoss(reason: string): void {
    const { containerId: container, name: driver, logger } = this.#options;
    logger.warn({ container, driver, reason, ...this.#position.lost }, "container output was lost");
  }

  get #hasToSay(): boolean {
    return this.#position.lost.lines > 0 || this.#position.lost.bytes > 0;
  }

  /** The log itself says what is missing, in the place where it is missing. */
  async #sayWhatWasLost(timeNs: bigint): Promise<void> {
    if (!this.#hasToSay) return;
    const { lines, bytes } = this.#position.lost;
    // A spool that could not be written, as on a full disk, does not tell how much never got there.
    const what = lines > 0 ? `${lines} log lines (${bytes} bytes)` : "an unknown number of log lines";
    const text = `gantry: ${what} were lost here\n`;
    await this.#write([{ timeNs, stream: "stderr", bytes: Buffer.from(text), partial: false }]);
    await this.#commit({ ...this.#position, mark: this.#mark(), lost: START.lost });
  }

  async #commit(position: PumpPosition): Promise<void> {
    this.#position = position;
    await this.#positionFile.store(position);
    this.#release(position.spool.offset);
    this.#options.onProgress();
  }

  #mark(): StoreMark | undefined {
    const sink = this.#openSink();
    return isStore(sink) ? sink.mark() : undefined;
  }

  #openSink(): LogSink {
    this.#sink ??= this.#options.open();
    return this.#sink;
  }

  #release(offset: number): void {
    if (this.#cursor?.hasEnds && offset !== Infinity) return;
    this.#releaseWhere((waiter) => waiter.offset <= offset);
  }

  #releaseWhere(test: (waiter: Waiter) => boolean): void {
    const waiting = this.#waiters;
    this.#waiters = waiting.filter((waiter) => !test(waiter));
    for (const waiter of waiting) if (test(waiter)) waiter.resolve();
  }

  #warn(error: unknown, message: string): void {
    const { containerId: container, name: driver, logger } = this.#options;
    logger.warn({ container, driver, error: messageOf(error) }, message);
  }
}

function isStore(sink: LogSink): sink is LogStore {
  return "mark" in sink;
}

function sumUp(entries: readonly LogEntry[]): LostOutput {
  let bytes = 0;
  for (const entry of entries) bytes += entry.bytes.byteLength;
  return { lines: entries.length, bytes };
}
