import { existsSync, readdirSync, readFileSync } from "node:fs";
import { ERRNO } from "../errno.ts";
import { SyscallError } from "../syscall-error.ts";
import { Attributes } from "./attributes.ts";
import { NETLINK_NETFILTER } from "./constants.ts";
import { decodeMessages, type NetlinkMessage } from "./message.ts";
import { NetlinkSocket, type NetworkNamespaceRef } from "./socket.ts";

/** Messages and attributes of nftables. Source: linux/netfilter/nf_tables.h, nfnetlink.h. */
const NFNLGRP_NFTABLES = 7;
const NFNL_SUBSYS_NFTABLES = 10;
const DELETIONS: ReadonlySet<number> = new Set([2, 5, 8, 11, 14]);
const DELETE_CHAIN = 5;
const DELETE_RULE = 8;
const NEW_GENERATION = 15;
/** The table's name, in every kind of message. */
const TABLE_NAME = 1;
const RULE_CHAIN = 2;
const CHAIN_NAME = 3;
const GENERATION = { PROCESS: 2, PROCESS_NAME: 3 } as const;
const HEADER_BYTES = 4;
const RECEIVE_QUEUE_BYTES = 1024 * 1024;

/** Something was deleted from a table. */
export interface RulesetDeletion {
  readonly table: string;
  /** The chain that a rule was deleted from, or that was deleted itself. */
  readonly chain: string | undefined;
}

/** Follows what programs other than this one delete from the packet filter of one network namespace. */
export class RulesetWatch implements Disposable {
  readonly #socket: NetlinkSocket;
  /** Of a transaction whose author is not known yet. */
  #pending: RulesetDeletion[] = [];

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Errors: SyscallError. */
  static open(namespace?: NetworkNamespaceRef): RulesetWatch {
    const options = {
      protocol: NETLINK_NETFILTER,
      groups: [NFNLGRP_NFTABLES],
      receiveQueueBytes: RECEIVE_QUEUE_BYTES,
    };
    return new RulesetWatch(
      NetlinkSocket.open(namespace === undefined ? options : { ...options, namespace }),
    );
  }

  /** The descriptor, to be watched for readability. */
  get fd(): number {
    return this.#socket.fd;
  }

  /** What others deleted since the last call; undefined where the kernel dropped messages, so anything may be gone. */
  read(): RulesetDeletion[] | undefined {
    const foreign: RulesetDeletion[] = [];
    for (;;) {
      let bytes: Uint8Array | undefined;
      try {
        bytes = this.#socket.receive();
      } catch (error) {
        if (!(error instanceof SyscallError) || error.errno !== ERRNO.ENOBUFS) throw error;
        this.#pending = [];
        return undefined;
      }
      if (bytes === undefined) return foreign;
      for (const message of decodeMessages(bytes)) this.#take(message, foreign);
    }
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(message: NetlinkMessage, foreign: RulesetDeletion[]): void {
    if (message.type >>> 8 !== NFNL_SUBSYS_NFTABLES) return;
    const kind = message.type & 0xff;
    const attributes = new Attributes(message.body, HEADER_BYTES);
    if (kind === NEW_GENERATION) {
      // Each transaction ends with a message that names its author.
      if (this.#pending.length > 0 && !isOwn(attributes)) foreign.push(...this.#pending);
      this.#pending = [];
    } else if (DELETIONS.has(kind)) {
      const chain = kind === DELETE_RULE ? RULE_CHAIN : kind === DELETE_CHAIN ? CHAIN_NAME : undefined;
      this.#pending.push({
        table: attributes.text(TABLE_NAME) ?? "",
        chain: chain === undefined ? undefined : attributes.text(chain),
      });
    }
  }
}

function isOwn(generation: Attributes): boolean {
  const thread = generation.bytes(GENERATION.PROCESS)?.readUInt32BE(0);
  if (existsSync(`/proc/self/task/${thread}`)) return true;
  // In a PID namespace the number is another one than ours: the thread's name decides.
  const name = generation.text(GENERATION.PROCESS_NAME);
  return readdirSync("/proc/self/task").some((id) => threadName(id) === name);
}

function threadName(id: string): string | undefined {
  try {
    return readFileSync(`/proc/self/task/${id}/comm`, "utf8").trimEnd();
  } catch {
    // The thread has ended.
    return undefined;
  }
}
