/**
 * What the main thread and the epoll thread say to each other.
 *
 * Every watched descriptor is a *slot*. The main thread registers a private duplicate of the descriptor with epoll
 * itself; all that the epoll thread must know travels in the event's 64 bits of user data, so it keeps no table. Every
 * registration is one-shot: after serving an event the epoll thread arms it again unless the slot has used up its
 * credit, and then whoever makes the credit positive again does. Descriptors are closed by the epoll thread only, on
 * command, so that it can never read from a number that was closed and handed out anew.
 */

export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLONESHOT = 0x40000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;

/** How the epoll thread serves a descriptor that has become ready. */
export const MODE = {
  /** The pipe of commands from the main thread. */
  control: 0,
  /** recv(2) packet by packet until the socket is empty or the credit is used up. */
  packets: 1,
  /** read(2) until the descriptor (non-blocking) is empty or the credit is used up. */
  bytes: 2,
  /** Report readiness and nothing else; the main thread arms it again when it wants the next report. */
  ready: 3,
} as const;
export type Mode = (typeof MODE)[keyof typeof MODE];

/** Commands through the pipe: two 32-bit words, the operation with its slot, and a descriptor. */
export const COMMAND = {
  /** Close the descriptor and report the slot as released. */
  release: 1,
  /** End the epoll thread. */
  stop: 2,
} as const;
export const COMMAND_BYTES = 8;

export const MAX_SLOTS = 1 << 16;

/** Bytes of a slot that may be on their way to the main thread or waiting there. */
export const SLOT_CREDIT_BYTES = 512 * 1024;

/** The kernel packs its epoll_event on x86_64 and aligns it elsewhere. */
export const EVENT_BYTES = process.arch === "x64" ? 12 : 16;
const EVENT_DATA_OFFSET = EVENT_BYTES - 8;

export interface WorkerData {
  readonly epollFd: number;
  /** One Int32 a slot: bytes that the epoll thread may still send for it. */
  readonly credits: Int32Array;
}

/** Messages of the epoll thread. */
export type Report =
  | {
      readonly slot: number;
      readonly type: "data";
      readonly bytes: Uint8Array;
      readonly lengths: Uint32Array | undefined;
    }
  | { readonly slot: number; readonly type: "ready" }
  | { readonly slot: number; readonly type: "end" }
  | { readonly slot: number; readonly type: "error"; readonly errno: number }
  | { readonly slot: number; readonly type: "released" };

export interface EventData {
  readonly mode: Mode;
  readonly slot: number;
  readonly fd: number;
}

/** Writes an epoll_event at `offset` of a little-endian view. */
export function encodeEvent(view: DataView, offset: number, events: number, data: EventData): void {
  view.setUint32(offset, events, true);
  view.setUint32(offset + EVENT_DATA_OFFSET, data.fd, true);
  view.setUint32(offset + EVENT_DATA_OFFSET + 4, (data.mode << 24) | data.slot, true);
}

/** The user data of the epoll_event at `offset`. */
export function decodeEventData(view: DataView, offset: number): EventData {
  const tag = view.getUint32(offset + EVENT_DATA_OFFSET + 4, true);
  return {
    fd: view.getUint32(offset + EVENT_DATA_OFFSET, true),
    mode: (tag >>> 24) as Mode,
    slot: tag & 0xffffff,
  };
}
