import { lastErrno } from "../../ffi/native.ts";
import { ERRNO } from "../errno.ts";
import { bindSocket, close, recv, send, setsockopt, socket } from "../libc.ts";
import { withNetworkNamespace } from "../namespace.ts";
import { attachSocketFilter, type FilterInstruction } from "../socket-filter.ts";
import { check, checkAsync, retryInterrupted, SyscallError } from "../syscall-error.ts";
import {
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from "./constants.ts";
import {
  decodeAcknowledgement,
  decodeMessages,
  encodeBatch,
  encodeMessage,
  type NetlinkMessage,
  type NetlinkRequest,
} from "./message.ts";
import { NetlinkError } from "./netlink-error.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/** The kernel fills at most 32 KiB of a dump into one message to the socket. Source: net/netlink/af_netlink.c. */
const RECEIVE_BYTES = 64 * 1024;
/** Keeps the acknowledgements of one send below what the smallest usual receive buffer holds. */
const MAX_BATCH = 64;
/** Other engines and containers may change a table many times in a row; a look takes a fraction of a millisecond. */
const MAX_DUMP_ATTEMPTS = 64;

// One buffer serves all sockets: a request is sent and its answer decoded without giving up the thread in between.
const receiveBuffer = Buffer.alloc(RECEIVE_BYTES);

function setOption(fd: number, level: number, option: number, value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  check("setsockopt", setsockopt(fd, level, option, bytes, bytes.length));
}

/** A network namespace: a file that keeps it alive, or an open descriptor of it. */
export type NetworkNamespaceRef = string | number;

export interface NetlinkSocketOptions {
  /** The namespace that the socket is made in; the thread's own where it is left out. */
  readonly namespace?: NetworkNamespaceRef;
  /** NETLINK_ROUTE by default. */
  readonly protocol?: number;
  /** Multicast groups that the socket joins, for subscriptions. */
  readonly groups?: readonly number[];
  /** Size of the kernel's receive queue, where the usual one (212,992 bytes) is too small. */
  readonly receiveQueueBytes?: number;
  /** Asked before a message is queued, answers to requests included. */
  readonly filter?: readonly FilterInstruction[];
}

/** Puts the entries of one dump together. */
class DumpReader<T> {
  readonly sequence: number;
  readonly entries: T[] = [];
  /** Whether the table changed while the kernel went through it. */
  interrupted = false;
  done = false;
  readonly #description: string;
  readonly #decode: (message: NetlinkMessage) => T | undefined;

  constructor(sequence: number, description: string, decode: (message: NetlinkMessage) => T | undefined) {
    this.sequence = sequence;
    this.#description = description;
    this.#decode = decode;
  }

  /** Errors: NetlinkError. */
  take(messages: Iterable<NetlinkMessage>): void {
    for (const message of messages) {
      if (message.sequence !== this.sequence || this.done) continue;
      if (message.flags & NLM_F_DUMP_INTR) this.interrupted = true;
      if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
        const { errno, detail } = decodeAcknowledgement(message, message.type === NLMSG_ERROR);
        if (errno !== 0) throw new NetlinkError(this.#description, errno, detail);
        this.done = true;
      } else if (message.type !== NLMSG_NOOP) {
        const entry = this.#decode(message);
        if (entry !== undefined) this.entries.push(entry);
      }
    }
  }
}

/**
 * A netlink socket. It belongs to one network namespace for life, whichever one the thread is in later. All calls are
 * synchronous: the kernel has worked a request off when send(2) returns. Source: netlink(7).
 */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  #sequence = 0;
  #closed = false;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Opens a socket; the thread is back in its own namespace on return. Errors: SyscallError. */
  static open(options: NetlinkSocketOptions = {}): NetlinkSocket {
    const { namespace } = options;
    if (namespace === undefined) return NetlinkSocket.#openHere(options);
    return withNetworkNamespace(namespace, () => NetlinkSocket.#openHere(options));
  }

  static #openHere(options: NetlinkSocketOptions): NetlinkSocket {
    const fd = check(
      "socket",
      socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, options.protocol ?? NETLINK_ROUTE),
    );
    try {
      setOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
      setOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
      setOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
      if (options.receiveQueueBytes !== undefined) {
        setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, options.receiveQueueBytes);
      }
      const address = Buffer.alloc(12);
      address.writeUInt16LE(AF_NETLINK);
      check("bind", bindSocket(fd, address, address.length));
      if (options.filter) attachSocketFilter(fd, options.filter);
      for (const group of options.groups ?? []) setOption(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
      return new NetlinkSocket(fd);
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  /** The descriptor, to be watched for readability; the socket keeps owning it. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * Asks the kernel for changes, in order, in as few system calls as possible. All of them are tried even when one
   * fails; of several failures the first is thrown.
   * Errors: NetlinkError with the index of the request and the kernel's own words.
   */
  execute(...requests: readonly NetlinkRequest[]): void {
    let failure: NetlinkError | undefined;
    for (let start = 0; start < requests.length; start += MAX_BATCH) {
      for (const error of this.#executeBatch(requests.slice(start, start + MAX_BATCH), start))
        failure ??= error;
    }
    if (failure) throw failure;
  }

  /**
   * As `execute`, but failures with one of the error names are ignored: EEXIST when making, ENOENT when removing
   * what may be there or gone already. Returns how many requests succeeded.
   */
  executeIgnoring(codes: readonly string[], requests: readonly NetlinkRequest[]): number {
    let failed = 0;
    for (let start = 0; start < requests.length; start += MAX_BATCH) {
      for (const error of this.#executeBatch(requests.slice(start, start + MAX_BATCH), start)) {
        if (!codes.includes(error.code)) throw error;
        failed++;
      }
    }
    return requests.length - failed;
  }

  /** The decoded answers to a request that is not a dump. Errors: NetlinkError. */
  query<T>(request: NetlinkRequest, decode: (message: NetlinkMessage) => T): T[] {
    const sequence = this.#nextSequence(1);
    this.#send(encodeMessage(request.type, request.flags | NLM_F_ACK, sequence, request.body));
    const answers: T[] = [];
    for (;;) {
      for (const message of this.#receiveMessages(request.description)) {
        if (message.sequence !== sequence) continue;
        if (message.type !== NLMSG_ERROR) {
          answers.push(decode(message));
          continue;
        }
        const { errno, detail } = decodeAcknowledgement(message, true);
        if (errno !== 0) throw new NetlinkError(request.description, errno, detail);
        return answers;
      }
    }
  }

  /**
   * The decoded entries of a dump, a consistent picture: the dump is repeated where the table changed meanwhile.
   * Entries that `decode` gives undefined for are left out. Errors: NetlinkError.
   */
  dump<T>(
    type: number,
    body: Uint8Array,
    description: string,
    decode: (message: NetlinkMessage) => T | undefined,
  ): T[] {
    for (let attempt = 1; ; attempt++) {
      const reader = new DumpReader(this.#nextSequence(1), description, decode);
      this.#send(encodeMessage(type, NLM_F_DUMP, reader.sequence, body));
      while (!reader.done) reader.take(this.#receiveMessages(description));
      if (!reader.interrupted) return reader.entries;
      if (attempt === MAX_DUMP_ATTEMPTS) throw new NetlinkError(description, ERRNO.EINTR);
    }
  }

  /**
   * As `dump`, with the kernel's walk through the table on another thread: for tables that may be so long that everything
   * else would wait. Nothing else may use the socket meanwhile.
   */
  async dumpAside<T>(
    type: number,
    body: Uint8Array,
    description: string,
    decode: (message: NetlinkMessage) => T | undefined,
  ): Promise<T[]> {
    const buffer = Buffer.alloc(RECEIVE_BYTES);
    for (let attempt = 1; ; attempt++) {
      const reader = new DumpReader(this.#nextSequence(1), description, decode);
      const request = encodeMessage(type, NLM_F_DUMP, reader.sequence, body);
      await checkAsync("send", send, [this.#fd, request, request.length, 0]);
      while (!reader.done) {
        // The kernel goes on with its table in here, and has the next part ready when it returns.
        const size = await checkAsync("recv", recv, [this.#fd, buffer, buffer.length, MSG_DONTWAIT]);
        reader.take(decodeMessages(buffer.subarray(0, size)));
      }
      if (!reader.interrupted) return reader.entries;
      if (attempt === MAX_DUMP_ATTEMPTS) throw new NetlinkError(description, ERRNO.EINTR);
    }
  }

  /** The next waiting bytes of a subscription, undefined where none wait. Errors: SyscallError (ENOBUFS: events were lost). */
  receive(): Uint8Array | undefined {
    const size = retryInterrupted(() =>
      recv(this.#fd, receiveBuffer, receiveBuffer.length, MSG_DONTWAIT | MSG_TRUNC),
    );
    if (size === -1) {
      const errno = lastErrno();
      if (errno === ERRNO.EAGAIN) return undefined;
      throw new SyscallError("recv", errno);
    }
    if (size > receiveBuffer.length) throw new SyscallError("recv", ERRNO.EMSGSIZE);
    return receiveBuffer.subarray(0, size);
  }

  /** Closes the socket; a second time does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    check("close", close(this.#fd));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #executeBatch(requests: readonly NetlinkRequest[], firstIndex: number): NetlinkError[] {
    if (requests.length === 0) return [];
    const first = this.#nextSequence(requests.length);
    this.#send(encodeBatch(requests, first));
    const failures: NetlinkError[] = [];
    let waiting = requests.length;
    while (waiting > 0) {
      for (const message of this.#receiveMessages(requests[0]!.description)) {
        const position = (message.sequence - first) >>> 0;
        const request = requests[position];
        // What is left of an earlier request that was given up has another sequence number.
        if (message.type !== NLMSG_ERROR || request === undefined) continue;
        waiting--;
        const { errno, detail } = decodeAcknowledgement(message, true);
        if (errno !== 0) {
          failures.push(new NetlinkError(request.description, errno, detail, firstIndex + position));
        }
      }
    }
    return failures;
  }

  #nextSequence(count: number): number {
    const first = this.#sequence + 1;
    // Zero is what the kernel numbers its own events with.
    const start = first + count > 0xffffffff ? 1 : first;
    this.#sequence = start + count - 1;
    return start;
  }

  #send(bytes: Uint8Array): void {
    check(
      "send",
      retryInterrupted(() => send(this.#fd, bytes, bytes.length, 0)),
    );
  }

  #receiveMessages(description: string): Generator<NetlinkMessage> {
    const bytes = this.receive();
    // The answer is queued before send returns; waiting for one that is not there would wait for ever.
    if (bytes === undefined) throw new NetlinkError(description, ERRNO.ENODATA, "the kernel gave no answer");
    return decodeMessages(bytes);
  }
}

/** Whether a message of a subscription says that events were lost. */
export function isOverrun(message: NetlinkMessage): boolean {
  return message.type === NLMSG_OVERRUN;
}

/** Runs `work` with a routing socket of that namespace (the thread's own for undefined), closed afterwards. */
export function withNetlink<T>(
  namespace: NetworkNamespaceRef | undefined,
  work: (socket: NetlinkSocket) => T,
): T {
  using opened = NetlinkSocket.open(namespace === undefined ? {} : { namespace });
  return work(opened);
}
