import { Attributes, align } from "./attributes.ts";
import { NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_REQUEST, NLMSGERR_ATTR_MSG } from "./constants.ts";

const MESSAGE_HEADER_BYTES = 16;

/** A change that the kernel is asked for: what `NetlinkSocket.execute` sends and waits to be acknowledged. */
export interface NetlinkRequest {
  readonly type: number;
  /** Flags beyond REQUEST and ACK, which the socket adds. */
  readonly flags: number;
  readonly body: Uint8Array;
  /** What is asked for, in the words of an error message: `add link veth0`. */
  readonly description: string;
}

/** One message as it was received; `body` is a view that the next receive on the socket overwrites. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

/** Writes one message with its header. Source: netlink(7). */
export function encodeMessage(type: number, flags: number, sequence: number, body: Uint8Array): Uint8Array {
  const message = Buffer.alloc(align(MESSAGE_HEADER_BYTES + body.length));
  message.writeUInt32LE(MESSAGE_HEADER_BYTES + body.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags | NLM_F_REQUEST, 6);
  message.writeUInt32LE(sequence, 8);
  message.set(body, MESSAGE_HEADER_BYTES);
  return message;
}

/** Writes requests one after the other, numbered from `firstSequence`, each to be acknowledged. */
export function encodeBatch(requests: readonly NetlinkRequest[], firstSequence: number): Uint8Array {
  return Buffer.concat(
    requests.map((r, i) => encodeMessage(r.type, r.flags | NLM_F_ACK, (firstSequence + i) >>> 0, r.body)),
  );
}

/** The messages in what one receive returned. */
export function* decodeMessages(bytes: Uint8Array): Generator<NetlinkMessage> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + MESSAGE_HEADER_BYTES <= view.length) {
    const length = view.readUInt32LE(at);
    if (length < MESSAGE_HEADER_BYTES || at + length > view.length) return;
    yield {
      type: view.readUInt16LE(at + 4),
      flags: view.readUInt16LE(at + 6),
      sequence: view.readUInt32LE(at + 8),
      body: view.subarray(at + MESSAGE_HEADER_BYTES, at + length),
    };
    at += align(length);
  }
}

export interface Acknowledgement {
  /** 0 for success, otherwise the positive error number. */
  readonly errno: number;
  /** The kernel's own sentence about the failure, where it gave one. */
  readonly detail: string | undefined;
}

/** Reads the body of an NLMSG_ERROR or NLMSG_DONE message. Source: linux/netlink.h, struct nlmsgerr. */
export function decodeAcknowledgement(message: NetlinkMessage, echoesRequest: boolean): Acknowledgement {
  const { body, flags } = message;
  const errno = body.length >= 4 ? -body.readInt32LE(0) : 0;
  if ((flags & NLM_F_ACK_TLVS) === 0) return { errno, detail: undefined };
  let attributesAt = 4;
  if (echoesRequest) {
    const echoedBytes = flags & NLM_F_CAPPED ? MESSAGE_HEADER_BYTES : align(body.readUInt32LE(4));
    attributesAt += echoedBytes;
  }
  return { errno, detail: new Attributes(body, attributesAt).text(NLMSGERR_ATTR_MSG) };
}
