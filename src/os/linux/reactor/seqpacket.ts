import { lastErrno } from "../../ffi/native.ts";
import { ERRNO } from "../errno.ts";
import { O_CLOEXEC, OwnedFd } from "../fd.ts";
import { connect, send, shutdown, socket } from "../libc.ts";
import { check, checkAsync, SyscallError } from "../syscall-error.ts";
import type { DataWatch, Reactor, WatchOptions } from "./reactor.ts";
import { openUnixAddress } from "./unix-address.ts";

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SHUT_WR = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

interface Batch {
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
}

/**
 * A connected SOCK_SEQPACKET socket. Packets keep their borders. What the owner does not read stays with the peer beyond
 * half a megabyte, so a slow reader slows the writer down and no memory fills up.
 */
export class SeqpacketConnection implements AsyncDisposable {
  readonly #socket: OwnedFd;
  readonly #reactor: Reactor;
  readonly #options: WatchOptions;
  readonly #watch: DataWatch;
  readonly #batches: Batch[] = [];
  readonly #closing = new AbortController();
  #unreturnedBytes = 0;
  #end: { readonly error: SyscallError | undefined } | undefined;
  #wake: (() => void) | undefined;
  #lastSend: Promise<void> = Promise.resolve();
  #queuedSends = 0;

  /** Takes over a connected socket: it is closed with the connection. */
  constructor(reactor: Reactor, socketFd: OwnedFd, options: WatchOptions = {}) {
    this.#reactor = reactor;
    this.#socket = socketFd;
    this.#options = options;
    this.#watch = reactor.watchPackets(
      socketFd.fd,
      {
        data: (bytes, lengths) => {
          this.#batches.push({ bytes, lengths: lengths! });
          this.#wakeReader();
        },
        end: (error) => {
          this.#end = { error };
          this.#wakeReader();
        },
      },
      options,
    );
  }

  /**
   * The packets that have arrived, at least one; undefined once the peer has closed and all were read, or after
   * `close`. Reading on gives the peer room for more: the packets of the call before count as consumed. One reader at a
   * time. Errors: SyscallError of recv(2).
   */
  async read(): Promise<Uint8Array[] | undefined> {
    this.#watch.consumed(this.#unreturnedBytes);
    this.#unreturnedBytes = 0;
    while (this.#batches.length === 0) {
      if (this.#closing.signal.aborted) return undefined;
      if (this.#end?.error) throw this.#end.error;
      if (this.#end) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const batch = this.#batches.shift()!;
    this.#unreturnedBytes = batch.bytes.byteLength;
    return cutPackets(batch);
  }

  /** Each packet in turn until the peer closes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let packets = await this.read(); packets !== undefined; packets = await this.read()) yield* packets;
  }

  /**
   * Resolves when the kernel has taken `bytes` as one packet; packets go out in the order of the calls. Waits while the
   * peer does not read. Errors: SyscallError (EPIPE, ECONNRESET); canceled by `close` or the signal with an AbortError.
   */
  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (this.#queuedSends === 0 && this.#trySend(bytes)) return;
    this.#queuedSends++;
    const canceled = signal ? AbortSignal.any([this.#closing.signal, signal]) : this.#closing.signal;
    const turn = this.#lastSend.then(() => this.#sendWhenWritable(bytes, canceled));
    this.#lastSend = turn.catch(() => {
      // The caller of this send is told; later sends find out for themselves.
    });
    await turn.finally(() => this.#queuedSends--);
  }

  /** The peer reads the end after the packets sent so far. */
  async shutdownWrite(): Promise<void> {
    await this.#lastSend;
    if (this.#socket.closed) return;
    if (shutdown(this.#socket.fd, SHUT_WR) === -1) {
      const errno = lastErrno();
      // A peer that is gone has no end left to read.
      if (errno !== ERRNO.ENOTCONN) throw new SyscallError("shutdown", errno);
    }
  }

  /** Whether the connection keeps the process alive. */
  ref(): void {
    this.#watch.ref();
  }

  unref(): void {
    this.#watch.unref();
  }

  /** The socket is closed; waiting reads end and waiting sends fail. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeReader();
    await this.#watch.close();
    this.#socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #trySend(bytes: Uint8Array): boolean {
    if (send(this.#socket.fd, bytes, bytes.byteLength, MSG_DONTWAIT | MSG_NOSIGNAL) !== -1) return true;
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return false;
    throw new SyscallError("send", errno);
  }

  async #sendWhenWritable(bytes: Uint8Array, canceled: AbortSignal): Promise<void> {
    for (;;) {
      canceled.throwIfAborted();
      if (this.#trySend(bytes)) return;
      await this.#reactor.writable(this.#socket.fd, canceled, this.#options);
    }
  }
}

function cutPackets(batch: Batch): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let offset = 0;
  for (const length of batch.lengths) {
    packets.push(batch.bytes.subarray(offset, offset + length));
    offset += length;
  }
  return packets;
}

/**
 * Connects to a SOCK_SEQPACKET socket at a path of any length.
 * Errors: SyscallError of connect(2): ENOENT, ECONNREFUSED.
 */
export async function connectSeqpacket(
  reactor: Reactor,
  path: string,
  options: WatchOptions = {},
): Promise<SeqpacketConnection> {
  using socketFd = new OwnedFd(check("socket", socket(AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC, 0)));
  using address = openUnixAddress(path);
  await checkAsync("connect", connect, [socketFd.fd, address.bytes, address.bytes.byteLength], path);
  const connected = socketFd.duplicate();
  try {
    return new SeqpacketConnection(reactor, connected, options);
  } catch (error) {
    connected.close();
    throw error;
  }
}
