/**
 * Questions and short answers of the domain name system.
 * Source: RFC 1035 section 4, RFC 6891 section 6 (EDNS), RFC 3596 (AAAA).
 */

export const TYPE = { A: 1, PTR: 12, MX: 15, AAAA: 28, SRV: 33, OPT: 41 } as const;
export const CLASS_IN = 1;
export const RCODE = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;

/** Longest answer over UDP to who says nothing else. */
export const MIN_UDP_BYTES = 512;
export const MAX_MESSAGE_BYTES = 65_535;

const HEADER_BYTES = 12;
const FLAG = { response: 0x8000, truncated: 0x0200, recursionDesired: 0x0100, recursionAvailable: 0x0080 };
const OPCODE_MASK = 0x7800;
const RCODE_MASK = 0x000f;
/** A pointer to the first byte behind the header: the name of the question. */
const POINTER_TO_QUESTION = 0xc00c;
const OPT_BYTES = 11;
/** What this side takes over UDP. */
const OWN_UDP_BYTES = 4096;

export interface Question {
  readonly id: number;
  readonly flags: number;
  /** As sent, without the dot at the end; labels with bytes beyond ASCII are kept as Latin-1. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Name, type and class as they stand in the message. */
  readonly bytes: Uint8Array;
  /** Longest answer that the asker takes over UDP; undefined without EDNS. */
  readonly udpBytes: number | undefined;
}

export type ParsedQuery =
  | { readonly kind: "question"; readonly question: Question }
  /** A question that cannot be read: `reply` tells so. */
  | { readonly kind: "malformed"; readonly reply: Uint8Array }
  /** No question at all: an answer, or too short for a header. Nothing is to be sent back. */
  | { readonly kind: "ignored" };

/** An answer in the place of the question's name. */
export interface ResourceRecord {
  readonly type: number;
  readonly ttlSeconds: number;
  readonly data: Uint8Array;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The name at `offset`, written out; undefined where it does not end, is too long or points elsewhere. */
function readName(bytes: Uint8Array, offset: number): { name: string; end: number } | undefined {
  const labels: string[] = [];
  let position = offset;
  for (;;) {
    const length = bytes[position];
    if (length === undefined) return undefined;
    if (length === 0) break;
    // A question is the first name of a message: it has nothing to point to.
    if (length > 63 || position + 1 + length >= bytes.byteLength) return undefined;
    let label = "";
    for (let index = 1; index <= length; index++) label += String.fromCharCode(bytes[position + index]!);
    labels.push(label);
    position += 1 + length;
    if (position - offset > 254) return undefined;
  }
  return { name: labels.join("."), end: position + 1 };
}

/** What the first additional record says, where it is an OPT record. */
function readUdpBytes(view: DataView, offset: number): number | undefined {
  const counts = [view.getUint16(6), view.getUint16(8)];
  // A question has no answers and no authorities, so the additional records follow at once.
  if (counts.some((count) => count > 0) || view.getUint16(10) === 0) return undefined;
  if (offset + OPT_BYTES > view.byteLength || view.getUint8(offset) !== 0) return undefined;
  if (view.getUint16(offset + 1) !== TYPE.OPT) return undefined;
  return Math.max(view.getUint16(offset + 3), MIN_UDP_BYTES);
}

/** Reads a message that somebody sent to a name server. Never throws, whatever the bytes. */
export function parseQuery(bytes: Uint8Array): ParsedQuery {
  if (bytes.byteLength < HEADER_BYTES) return { kind: "ignored" };
  const view = viewOf(bytes);
  const flags = view.getUint16(2);
  // Answering an answer could go on forever between two servers.
  if (flags & FLAG.response) return { kind: "ignored" };
  const refuse = (rcode: number): ParsedQuery => ({
    kind: "malformed",
    reply: headerOnly(view.getUint16(0), flags, rcode),
  });
  if (flags & OPCODE_MASK) return refuse(RCODE.notImplemented);
  if (view.getUint16(4) !== 1) return refuse(RCODE.formatError);
  const read = readName(bytes, HEADER_BYTES);
  if (!read || read.end + 4 > bytes.byteLength) return refuse(RCODE.formatError);
  return {
    kind: "question",
    question: {
      id: view.getUint16(0),
      flags,
      name: read.name,
      type: view.getUint16(read.end),
      class: view.getUint16(read.end + 2),
      bytes: bytes.slice(HEADER_BYTES, read.end + 4),
      udpBytes: readUdpBytes(view, read.end + 4),
    },
  };
}

function headerOnly(id: number, flags: number, rcode: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint16(0, id);
  view.setUint16(
    2,
    FLAG.response | (flags & (OPCODE_MASK | FLAG.recursionDesired)) | FLAG.recursionAvailable | rcode,
  );
  return bytes;
}

/**
 * The answer to a question. Records that do not fit into `maxBytes` are left out, and the answer says that it is cut, so
 * that the asker comes again over TCP.
 */
export function encodeReply(
  question: Question,
  rcode: number,
  records: readonly ResourceRecord[],
  maxBytes: number,
): Uint8Array {
  const optBytes = question.udpBytes === undefined ? 0 : OPT_BYTES;
  let size = HEADER_BYTES + question.bytes.byteLength + optBytes;
  const fitting: ResourceRecord[] = [];
  for (const record of records) {
    size += 12 + record.data.byteLength;
    if (size > maxBytes) break;
    fitting.push(record);
  }
  const length = fitting.reduce(
    (sum, { data }) => sum + 12 + data.byteLength,
    HEADER_BYTES + question.bytes.byteLength + optBytes,
  );
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  bytes.set(headerOnly(question.id, question.flags, rcode));
  if (fitting.length < records.length) view.setUint16(2, view.getUint16(2) | FLAG.truncated);
  view.setUint16(4, 1);
  view.setUint16(6, fitting.length);
  view.setUint16(10, optBytes > 0 ? 1 : 0);
  bytes.set(question.bytes, HEADER_BYTES);
  let offset = HEADER_BYTES + question.bytes.byteLength;
  for (const record of fitting) offset = writeRecord(bytes, view, offset, record);
  if (optBytes > 0) {
    view.setUint16(offset + 1, TYPE.OPT);
    view.setUint16(offset + 3, OWN_UDP_BYTES);
  }
  return bytes;
}

function writeRecord(bytes: Uint8Array, view: DataView, offset: number, record: ResourceRecord): number {
  view.setUint16(offset, POINTER_TO_QUESTION);
  view.setUint16(offset + 2, record.type);
  view.setUint16(offset + 4, CLASS_IN);
  view.setUint32(offset + 6, record.ttlSeconds);
  view.setUint16(offset + 10, record.data.byteLength);
  bytes.set(record.data, offset + 12);
  return offset + 12 + record.data.byteLength;
}

/** A name as records carry it. Labels longer than 63 bytes are cut: names of containers may have more, names here not. */
export function encodeName(name: string): Uint8Array {
  const labels = name.split(".").filter((label) => label !== "");
  const parts = labels.map((label) => Buffer.from(label, "latin1").subarray(0, 63));
  return Buffer.concat([...parts.flatMap((part) => [Uint8Array.of(part.length), part]), Uint8Array.of(0)]);
}

export interface ReplyHead {
  readonly rcode: number;
  readonly truncated: boolean;
}

/** Whether `reply` answers `query`, both whole messages, and how; undefined where it does not. */
export function matchReply(question: Question, id: number, reply: Uint8Array): ReplyHead | undefined {
  if (reply.byteLength < HEADER_BYTES) return undefined;
  const view = viewOf(reply);
  const flags = view.getUint16(2);
  if (view.getUint16(0) !== id || !(flags & FLAG.response)) return undefined;
  // A server that could not read the question may leave it out.
  if (view.getUint16(4) === 1 && !sameQuestion(question.bytes, reply)) return undefined;
  return { rcode: flags & RCODE_MASK, truncated: (flags & FLAG.truncated) !== 0 };
}

function sameQuestion(question: Uint8Array, reply: Uint8Array): boolean {
  const lower = (byte: number) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);
  const other = reply.subarray(HEADER_BYTES, HEADER_BYTES + question.byteLength);
  return (
    other.byteLength === question.byteLength &&
    question.every((byte, index) => lower(byte) === lower(other[index]!))
  );
}

/** A copy of a message under another id. */
export function withId(message: Uint8Array, id: number): Uint8Array {
  const copy = message.slice();
  viewOf(copy).setUint16(0, id);
  return copy;
}

/** The address that a name of the reverse domains stands for; undefined for any other name. Source: RFC 1035 3.5, RFC 3596 2.5. */
export function reverseAddress(name: string): string | undefined {
  const lower = name.toLowerCase();
  if (lower.endsWith(".in-addr.arpa")) {
    const bytes = lower.slice(0, -".in-addr.arpa".length).split(".").reverse();
    const valid = bytes.length === 4 && bytes.every((byte) => /^\d{1,3}$/.test(byte) && Number(byte) < 256);
    return valid ? bytes.map(Number).join(".") : undefined;
  }
  if (!lower.endsWith(".ip6.arpa")) return undefined;
  const digits = lower.slice(0, -".ip6.arpa".length).split(".").reverse();
  if (digits.length !== 32 || !digits.every((digit) => /^[0-9a-f]$/.test(digit))) return undefined;
  return digits.join("").replace(/(.{4})(?!$)/g, "$1:");
}
