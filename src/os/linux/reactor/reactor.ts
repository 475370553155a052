import { Worker } from "node:worker_threads";
import { duplicateFd, O_CLOEXEC, OwnedFd, openPipe, type Pipe, writeFd } from "../fd.ts";
import { epollCreate1, epollCtl } from "../libc.ts";
import { check, SyscallError } from "../syscall-error.ts";
import {
  COMMAND,
  COMMAND_BYTES,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EVENT_BYTES,
  encodeEvent,
  MAX_SLOTS,
  MODE,
  type Mode,
  type Report,
  SLOT_CREDIT_BYTES,
  type WorkerData,
} from "./protocol.ts";

export interface WatchOptions {
  /** Whether the watch keeps the process alive, as a socket does. Default true. */
  readonly keepAlive?: boolean;
}

/** What a watch of a descriptor is told. Calls come on the main thread, in the order of the kernel's events. */
export interface DataSink {
  /**
   * Data arrived: for packets `lengths` cuts `bytes` into them. The receiver calls `watch.consumed(bytes.byteLength)` when it is
   * done with them; the descriptor is not read further while too much is outstanding.
   */
  data(bytes: Uint8Array, lengths: Uint32Array | undefined): void;
  /** The peer closed, or the descriptor failed; nothing else follows. */
  end(error: SyscallError | undefined): void;
}

export interface DataWatch extends AsyncDisposable {
  /** Gives back that many bytes of credit. */
  consumed(sizeBytes: number): void;
  /** Resolves when nothing more will be delivered and the reactor's own descriptor is closed. Idempotent. */
  close(): Promise<void>;
  ref(): void;
  unref(): void;
}

interface Slot {
  readonly index: number;
  readonly fd: number;
  readonly mode: Mode;
  keepAlive: boolean;
  receive(report: Report): void;
  closed: Promise<void> | undefined;
  released: () => void;
}

/**
 * Serves descriptors that the runtime itself cannot: one thread waits in epoll and passes on what they have to say.
 * The thread starts with the first watch and ends with `stop` or the process; it does not keep the process alive, only
 * watches do. Callers keep their own descriptors: the reactor works on duplicates.
 */
export class Reactor implements AsyncDisposable {
  readonly #epoll: OwnedFd;
  readonly #control: Pipe;
  readonly #credits = new Int32Array(new SharedArrayBuffer(MAX_SLOTS * 4));
  readonly #slots: Array<Slot | undefined> = [];
  readonly #freeSlots: number[] = [];
  readonly #worker: Worker;
  readonly #eventBytes = new Uint8Array(EVENT_BYTES);
  readonly #eventView = new DataView(this.#eventBytes.buffer);
  readonly #ended: Promise<void>;
  #keepingAlive = 0;
  #stopping = false;

  /** A running reactor. Errors: SyscallError where descriptors have run out. */
  static start(): Reactor {
    return new Reactor();
  }

  private constructor() {
    this.#epoll = new OwnedFd(check("epoll_create1", epollCreate1(O_CLOEXEC)));
    this.#control = openPipe();
    this.#register(EPOLL_CTL_ADD, this.#control.readEnd.fd, EPOLLIN, MODE.control, 0);
    const workerData: WorkerData = { epollFd: this.#epoll.fd, credits: this.#credits };
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    this.#worker.on("message", (report: Report) => this.#slots[report.slot]?.receive(report));
    // A defect of the reactor itself: nobody could be told anything any more, so it must not pass unseen.
    this.#worker.on("error", (error) => {
      throw error;
    });
    this.#ended = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    this.#worker.unref();
    // A runtime that exits waits for its threads, and this one sits in a system call.
    process.once("exit", this.#onProcessExit);
  }

  /** Reads packets (recv) from a socket and hands them to `sink`. Errors: SyscallError. */
  watchPackets(fd: number, sink: DataSink, options: WatchOptions = {}): DataWatch {
    return this.#watchData(fd, MODE.packets, sink, options);
  }

  /** Reads bytes (read) from a non-blocking descriptor and hands them to `sink`. Errors: SyscallError. */
  watchBytes(fd: number, sink: DataSink, options: WatchOptions = {}): DataWatch {
    return this.#watchData(fd, MODE.bytes, sink, options);
  }

  /** Calls `onReady` each time `fd` is readable, and again only after the returned `rearm` was called. */
  watchReadable(fd: number, onReady: () => void, options: WatchOptions = {}): ReadyWatch {
    return this.#watchReady(fd, EPOLLIN, onReady, options);
  }

  /** Resolves when `fd` can be read, or has failed. Rejects with the signal's reason when aborted. */
  readable(fd: number, signal?: AbortSignal, options: WatchOptions = {}): Promise<void> {
    return this.#once(fd, EPOLLIN, signal, options);
  }

  /** Resolves when `fd` can be written, or has failed. Rejects with the signal's reason when aborted. */
  writable(fd: number, signal?: AbortSignal, options: WatchOptions = {}): Promise<void> {
    return this.#once(fd, EPOLLOUT, signal, options);
  }

  /**
   * Resolves when the peer of a connected unix socket has closed it, and not only shut down one direction, or when the
   * socket has failed. Nothing is read. Rejects with the signal's reason when aborted. Source: epoll_ctl(2), EPOLLHUP.
   */
  hungUp(fd: number, signal?: AbortSignal, options: WatchOptions = {}): Promise<void> {
    // Those two events are reported without being asked for.
    return this.#once(fd, 0, signal, options);
  }

  /** Resolves when the process of that pidfd has ended. Source: pidfd_open(2). */
  onPidfdExit(pidfd: number, signal?: AbortSignal, options: WatchOptions = {}): Promise<void> {
    return this.readable(pidfd, signal, options);
  }

  /** Every watch is closed and the thread has ended. Idempotent. */
  async stop(): Promise<void> {
    if (!this.#stopping) {
      this.#stopping = true;
      process.off("exit", this.#onProcessExit);
      this.#worker.ref();
      await Promise.all(this.#slots.map((slot) => slot && this.#closeSlot(slot)));
      this.#command(COMMAND.stop, 0, 0);
      await this.#ended;
      this.#control[Symbol.dispose]();
      this.#epoll.close();
    }
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #onProcessExit = (): void => this.#command(COMMAND.stop, 0, 0);

  #watchData(fd: number, mode: Mode, sink: DataSink, options: WatchOptions): DataWatch {
    const slot = this.#open(fd, mode, EPOLLIN, options, (report) => {
      if (report.type === "data") sink.data(report.bytes, report.lengths);
      else if (report.type === "end") sink.end(undefined);
      else if (report.type === "error") sink.end(new SyscallError("read", report.errno));
    });
    return {
      consumed: (sizeBytes) => this.#giveCredit(slot, sizeBytes),
      close: () => this.#closeSlot(slot),
      ref: () => this.#setKeepAlive(slot, true),
      unref: () => this.#setKeepAlive(slot, false),
      [Symbol.asyncDispose]: () => this.#closeSlot(slot),
    };
  }

  #watchReady(fd: number, events: number, onReady: () => void, options: WatchOptions): ReadyWatch {
    const slot = this.#open(fd, MODE.ready, events, options, (report) => {
      if (report.type === "ready") onReady();
    });
    return {
      rearm: () => {
        if (!slot.closed)
          this.#register(EPOLL_CTL_MOD, slot.fd, events | EPOLLONESHOT, slot.mode, slot.index);
      },
      close: () => this.#closeSlot(slot),
      [Symbol.asyncDispose]: () => this.#closeSlot(slot),
    };
  }

  #once(fd: number, events: number, signal: AbortSignal | undefined, options: WatchOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const finish = (settle: () => void) => {
        signal?.removeEventListener("abort", onAbort);
        void watch.close();
        settle();
      };
      const onAbort = () => finish(() => reject(signal?.reason));
      const watch = this.#watchReady(fd, events, () => finish(resolve), options);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #open(
    fd: number,
    mode: Mode,
    events: number,
    options: WatchOptions,
    receive: (report: Report) => void,
  ): Slot {
    if (this.#stopping) throw new Error("the reactor is stopped");
    using duplicate = duplicateFd(fd);
    const index = this.#freeSlots.pop() ?? this.#slots.length;
    if (index >= MAX_SLOTS) throw new Error(`the reactor serves at most ${MAX_SLOTS} descriptors`);
    Atomics.store(this.#credits, index, SLOT_CREDIT_BYTES);
    const slot: Slot = {
      index,
      fd: duplicate.fd,
      mode,
      keepAlive: false,
      closed: undefined,
      released: () => {},
      receive: (report) => {
        if (report.type === "released") this.#free(slot);
        else if (!slot.closed) receive(report);
      },
    };
    this.#slots[index] = slot;
    try {
      this.#register(EPOLL_CTL_ADD, slot.fd, events | EPOLLONESHOT, mode, index);
    } catch (error) {
      this.#slots[index] = undefined;
      this.#freeSlots.push(index);
      throw error;
    }
    duplicate.release();
    this.#setKeepAlive(slot, options.keepAlive ?? true);
    return slot;
  }

  #giveCredit(slot: Slot, sizeBytes: number): void {
    if (slot.closed) return;
    const before = Atomics.add(this.#credits, slot.index, sizeBytes);
    if (before <= 0 && before + sizeBytes > 0) {
      this.#register(EPOLL_CTL_MOD, slot.fd, EPOLLIN | EPOLLONESHOT, slot.mode, slot.index);
    }
  }

  #closeSlot(slot: Slot): Promise<void> {
    if (!slot.closed) {
      slot.closed = new Promise((resolve) => {
        slot.released = resolve;
      });
      // Node ends a program that only waits for a thread without a reference: whoever waits for this close is told.
      this.#setKeepAlive(slot, true);
      epollCtl(this.#epoll.fd, EPOLL_CTL_DEL, slot.fd, this.#eventBytes);
      this.#command(COMMAND.release, slot.index, slot.fd);
    }
    return slot.closed;
  }

  #free(slot: Slot): void {
    this.#setKeepAlive(slot, false);
    this.#slots[slot.index] = undefined;
    this.#freeSlots.push(slot.index);
    slot.released();
  }

  #setKeepAlive(slot: Slot, keepAlive: boolean): void {
    if (slot.keepAlive === keepAlive) return;
    slot.keepAlive = keepAlive;
    this.#keepingAlive += keepAlive ? 1 : -1;
    if (this.#keepingAlive === 1 && keepAlive) this.#worker.ref();
    if (this.#keepingAlive === 0 && !this.#stopping) this.#worker.unref();
  }

  #register(operation: number, fd: number, events: number, mode: Mode, slot: number): void {
    encodeEvent(this.#eventView, 0, events, { mode, slot, fd });
    check("epoll_ctl", epollCtl(this.#epoll.fd, operation, fd, this.#eventBytes));
  }

  #command(operation: number, slot: number, fd: number): void {
    const bytes = new Uint8Array(COMMAND_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, (operation << 24) | slot, true);
    view.setUint32(4, fd, true);
    writeFd(this.#control.writeEnd.fd, bytes);
  }
}

export interface ReadyWatch extends AsyncDisposable {
  /** Asks for the next report. */
  rearm(): void;
  /** Resolves when nothing more will be reported. Idempotent. */
  close(): Promise<void>;
}
