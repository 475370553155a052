import { parentPort, workerData } from "node:worker_threads";
import { addressOf, lastErrno } from "../../ffi/native.ts";
import { ERRNO } from "../errno.ts";
import { closeFd } from "../fd.ts";
import { epollCtl, epollWait, read, readAt, recvAt } from "../libc.ts";
import {
  COMMAND,
  COMMAND_BYTES,
  decodeEventData,
  EPOLL_CTL_MOD,
  EPOLLIN,
  EPOLLONESHOT,
  EVENT_BYTES,
  type EventData,
  encodeEvent,
  MODE,
  type Report,
  type WorkerData,
} from "./protocol.ts";

/** Longest packet a peer may send; longer ones would be cut. */
const MAX_PACKET_BYTES = 64 * 1024;
const SCRATCH_BYTES = 256 * 1024;
const MAX_PACKETS_A_BATCH = 4096;
const MAX_EVENTS = 64;
const MSG_DONTWAIT = 0x40;
/** Makes recv(2) return a packet's real length, so that a cut one is noticed. */
const MSG_TRUNC = 0x20;

const { epollFd, credits } = workerData as WorkerData;
const scratch = new Uint8Array(SCRATCH_BYTES);
const scratchAddress = Number(addressOf(scratch));
const lengths = new Uint32Array(MAX_PACKETS_A_BATCH);
const eventBytes = new Uint8Array(EVENT_BYTES);
const eventView = new DataView(eventBytes.buffer);

function report(message: Report, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

function arm(data: EventData): void {
  encodeEvent(eventView, 0, EPOLLIN | EPOLLONESHOT, data);
  // The main thread may have unregistered the descriptor meanwhile: then there is nothing to arm.
  epollCtl(epollFd, EPOLL_CTL_MOD, data.fd, eventBytes);
}

/** Sends what was read and arms the descriptor again while the slot has credit. */
function deliver(data: EventData, sizeBytes: number, packets: number | undefined): void {
  const bytes = scratch.slice(0, sizeBytes);
  const sizes = packets === undefined ? undefined : lengths.slice(0, packets);
  report(
    { slot: data.slot, type: "data", bytes, lengths: sizes },
    sizes ? [bytes.buffer, sizes.buffer] : [bytes.buffer],
  );
  const before = Atomics.sub(credits, data.slot, sizeBytes);
  // At zero or below, the main thread arms when it lifts the credit over zero again.
  if (before - sizeBytes > 0) arm(data);
}

/** What follows after the last successful read of a batch. */
type BatchEnd =
  | { readonly type: "empty" }
  | { readonly type: "end" }
  | { readonly type: "error"; readonly errno: number };

const EMPTY: BatchEnd = { type: "empty" };
const END: BatchEnd = { type: "end" };

function failure(): BatchEnd {
  const errno = lastErrno();
  if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return EMPTY;
  return { type: "error", errno };
}

function finishBatch(data: EventData, sizeBytes: number, packets: number | undefined, end: BatchEnd): void {
  if (end.type === "empty") {
    if (sizeBytes > 0) deliver(data, sizeBytes, packets);
    else arm(data);
    return;
  }
  // The final report must come after the data; nothing arms the descriptor any more.
  if (sizeBytes > 0) {
    const sizes = packets === undefined ? undefined : lengths.slice(0, packets);
    report({ slot: data.slot, type: "data", bytes: scratch.slice(0, sizeBytes), lengths: sizes });
    Atomics.sub(credits, data.slot, sizeBytes);
  }
  report({ slot: data.slot, ...end });
}

function servePackets(data: EventData): void {
  let sizeBytes = 0;
  let packets = 0;
  let end: BatchEnd = EMPTY;
  while (packets < MAX_PACKETS_A_BATCH && sizeBytes + MAX_PACKET_BYTES <= SCRATCH_BYTES) {
    const length = recvAt(data.fd, scratchAddress + sizeBytes, MAX_PACKET_BYTES, MSG_DONTWAIT | MSG_TRUNC);
    if (length <= 0) {
      end = length === 0 ? END : failure();
      break;
    }
    if (length > MAX_PACKET_BYTES) {
      end = { type: "error", errno: ERRNO.EMSGSIZE };
      break;
    }
    lengths[packets++] = length;
    sizeBytes += length;
  }
  finishBatch(data, sizeBytes, packets, end);
}

function serveBytes(data: EventData): void {
  let sizeBytes = 0;
  let end: BatchEnd = EMPTY;
  while (sizeBytes < SCRATCH_BYTES) {
    const length = readAt(data.fd, scratchAddress + sizeBytes, SCRATCH_BYTES - sizeBytes);
    if (length <= 0) {
      end = length === 0 ? END : failure();
      break;
    }
    sizeBytes += length;
  }
  finishBatch(data, sizeBytes, undefined, end);
}

const commandBytes = new Uint8Array(COMMAND_BYTES * 64);

/** Carries out the waiting commands; false once one of them was to stop. */
function obeyCommands(fd: number): boolean {
  const length = read(fd, commandBytes, commandBytes.byteLength);
  const view = new DataView(commandBytes.buffer);
  for (let offset = 0; offset + COMMAND_BYTES <= length; offset += COMMAND_BYTES) {
    const word = view.getUint32(offset, true);
    if (word >>> 24 === COMMAND.stop) return false;
    closeFd(view.getUint32(offset + 4, true));
    report({ slot: word & 0xffffff, type: "released" });
  }
  return true;
}

function serve(data: EventData): void {
  if (data.mode === MODE.packets) servePackets(data);
  else if (data.mode === MODE.bytes) serveBytes(data);
  else report({ slot: data.slot, type: "ready" });
}

function run(): void {
  const ready = new Uint8Array(EVENT_BYTES * MAX_EVENTS);
  const view = new DataView(ready.buffer);
  for (;;) {
    const count = epollWait(epollFd, ready, MAX_EVENTS, -1);
    if (count === -1 && lastErrno() !== ERRNO.EINTR) throw new Error(`epoll_wait failed with ${lastErrno()}`);
    let control: number | undefined;
    for (let index = 0; index < count; index++) {
      const data = decodeEventData(view, index * EVENT_BYTES);
      // Commands close descriptors, which later events of the same wake-up may still name: they come last.
      if (data.mode === MODE.control) control = data.fd;
      else serve(data);
    }
    if (control !== undefined && !obeyCommands(control)) return;
  }
}

run();
