import { ERRNO } from "../errno.ts";
import { BPF, DROP, type FilterInstruction, TAKE } from "../socket-filter.ts";
import { SyscallError } from "../syscall-error.ts";
import { type Address, decodeAddress } from "./addresses.ts";
import { AF_BRIDGE, RTM, RTNLGRP } from "./constants.ts";
import { decodeLink, type Link } from "./links.ts";
import { decodeMessages, type NetlinkMessage } from "./message.ts";
import { decodeNeighbour, type Neighbour } from "./neighbours.ts";
import { decodeRoute, type Route } from "./routes.ts";
import { isOverrun, NetlinkSocket, type NetworkNamespaceRef } from "./socket.ts";

/** Room for some thousand events while the reader is busy. */
const RECEIVE_QUEUE_BYTES = 2 * 1024 * 1024;

export type SubscriptionGroup = keyof typeof RTNLGRP;

export interface SubscriptionOptions {
  readonly groups: readonly SubscriptionGroup[];
  /** The kernel keeps everything but deletions to itself, so that nobody wakes for it. All by default. */
  readonly deletionsOnly?: boolean;
  /** The namespace that is followed; the thread's own where it is left out. */
  readonly namespace?: NetworkNamespaceRef | undefined;
}

/** Where a message has the low byte of its type. Source: netlink(7). */
const TYPE_AT = 4;
/** Types come in fours: set, delete, get, change. Source: linux/rtnetlink.h. */
const PLACE_IN_FOUR = 3;
const DELETIONS: readonly FilterInstruction[] = [
  { code: BPF.loadByte, value: TYPE_AT },
  { code: BPF.and, value: PLACE_IN_FOUR },
  { code: BPF.jumpIfEqual, value: RTM.DELLINK & PLACE_IN_FOUR, otherwiseSkip: 1 },
  TAKE,
  DROP,
];

/** A change in a network namespace. After `overrun` events are missing: the reader lists anew what it follows. */
export type NetworkEvent =
  | { readonly subject: "link"; readonly action: "set" | "deleted"; readonly link: Link }
  | { readonly subject: "address"; readonly action: "set" | "deleted"; readonly address: Address }
  | { readonly subject: "route"; readonly action: "set" | "deleted"; readonly route: Route }
  | {
      readonly subject: "neighbour";
      readonly action: "set" | "deleted" | "missing";
      readonly neighbour: Neighbour;
    }
  | { readonly subject: "overrun" };

function actionOf(message: NetlinkMessage, deletion: number): "set" | "deleted" {
  return message.type === deletion ? "deleted" : "set";
}

/** The event that a message of a subscription tells of; undefined for messages of no interest. */
export function decodeEvent(message: NetlinkMessage): NetworkEvent | undefined {
  if (isOverrun(message)) return { subject: "overrun" };
  switch (message.type) {
    case RTM.NEWLINK:
    case RTM.DELLINK:
      // A bridge tells of its ports: such a link is no port any more, but there.
      if (message.body[0] === AF_BRIDGE) return undefined;
      return { subject: "link", action: actionOf(message, RTM.DELLINK), link: decodeLink(message) };
    case RTM.NEWADDR:
    case RTM.DELADDR: {
      const address = decodeAddress(message);
      return address && { subject: "address", action: actionOf(message, RTM.DELADDR), address };
    }
    case RTM.NEWROUTE:
    case RTM.DELROUTE: {
      const route = decodeRoute(message);
      return route && { subject: "route", action: actionOf(message, RTM.DELROUTE), route };
    }
    case RTM.NEWNEIGH:
    case RTM.DELNEIGH:
      return {
        subject: "neighbour",
        action: actionOf(message, RTM.DELNEIGH),
        neighbour: decodeNeighbour(message),
      };
    // A vxlan link that was told to report misses asks for the entry that it lacks.
    case RTM.GETNEIGH:
      return { subject: "neighbour", action: "missing", neighbour: decodeNeighbour(message) };
    default:
      return undefined;
  }
}

/** Follows what changes in one network namespace. */
export class Subscription implements Disposable {
  readonly #socket: NetlinkSocket;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Opens a subscription; events from now on are kept until they are read. Errors: SyscallError. */
  static open({ groups, deletionsOnly, namespace }: SubscriptionOptions): Subscription {
    const socket = NetlinkSocket.open({
      ...(namespace === undefined ? {} : { namespace }),
      groups: groups.map((group) => RTNLGRP[group]),
      receiveQueueBytes: RECEIVE_QUEUE_BYTES,
      ...(deletionsOnly ? { filter: DELETIONS } : {}),
    });
    return new Subscription(socket);
  }

  /** The descriptor, to be watched for readability; the subscription keeps owning it. */
  get fd(): number {
    return this.#socket.fd;
  }

  /** All events that wait, oldest first; never blocks. Errors: SyscallError. */
  read(): NetworkEvent[] {
    const events: NetworkEvent[] = [];
    for (;;) {
      const bytes = this.#receive(events);
      if (bytes === undefined) return events;
      for (const message of decodeMessages(bytes)) {
        const event = decodeEvent(message);
        if (event) events.push(event);
      }
    }
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive(events: NetworkEvent[]): Uint8Array | undefined {
    for (;;) {
      try {
        return this.#socket.receive();
      } catch (error) {
        if (!(error instanceof SyscallError) || error.errno !== ERRNO.ENOBUFS) throw error;
        // The queue was full and events were dropped; the kernel says so once and then goes on.
        events.push({ subject: "overrun" });
      }
    }
  }
}
