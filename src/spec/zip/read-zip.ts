import { inflateRawSync } from "node:zlib";
import { invalidArgument, messageOf } from "../../base/errors.ts";

/** A member of a zip archive. */
export interface ZipMember {
  readonly name: string;
  /** Whether it is a file, rather than a folder, a link or something else of a Unix file system. */
  readonly isFile: boolean;
  /** Its bytes. Errors: invalidArgument where they are more than `limitBytes`, or not what the archive promises. */
  readonly read: (limitBytes: number) => Buffer;
}

const LOCAL_SIGNATURE = 0x04034b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const MADE_ON_UNIX = 3;
const FILE_TYPE_MASK = 0o170000;
const REGULAR = 0o100000;

/** Whether bytes begin as a zip archive with members does. */
export function isZip(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === LOCAL_SIGNATURE;
}

/**
 * The members of a zip archive that is in memory, in the order of its directory. No archives of several disks, of more
 * than 4 GiB, or with encrypted members.
 * Errors: invalidArgument for what is no such archive.
 * Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification".
 */
export function readZip(archive: Buffer): ZipMember[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const members: ZipMember[] = [];
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_BYTES > archive.length || archive.readUInt32LE(at) !== CENTRAL_SIGNATURE) throw broken();
    members.push(memberAt(archive, at));
    at += CENTRAL_BYTES + variableBytes(archive, at + 28) + archive.readUInt16LE(at + 32);
  }
  return members;
}

/** The directory's end stands behind everything but a comment of up to 64 KiB. */
function findEnd(archive: Buffer): number {
  const lowest = Math.max(0, archive.length - END_BYTES - 0xffff);
  for (let at = archive.length - END_BYTES; at >= lowest; at--)
    if (archive.readUInt32LE(at) === END_SIGNATURE) return at;
  throw broken();
}

function memberAt(archive: Buffer, at: number): ZipMember {
  const nameBytes = archive.readUInt16LE(at + 28);
  const name = archive.toString("utf8", at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes);
  const type = (archive.readUInt32LE(at + 38) >>> 16) & FILE_TYPE_MASK;
  const onUnix = archive.readUInt8(at + 5) === MADE_ON_UNIX && type !== 0;
  return {
    name,
    isFile: !name.endsWith("/") && (!onUnix || type === REGULAR),
    read: (limitBytes) => readMember(archive, at, limitBytes),
  };
}

function readMember(archive: Buffer, at: number, limitBytes: number): Buffer {
  const method = archive.readUInt16LE(at + 10);
  const packedBytes = archive.readUInt32LE(at + 20);
  const sizeBytes = archive.readUInt32LE(at + 24);
  const local = archive.readUInt32LE(at + 42);
  if (sizeBytes > limitBytes) throw invalidArgument("read exceeds the defined limit");
  if (local + LOCAL_BYTES > archive.length || archive.readUInt32LE(local) !== LOCAL_SIGNATURE) throw broken();
  const start = local + LOCAL_BYTES + variableBytes(archive, local + 26);
  const packed = archive.subarray(start, start + packedBytes);
  const content = unpack(packed, method, sizeBytes);
  if (packed.length !== packedBytes || content.length !== sizeBytes) throw broken();
  return content;
}

function unpack(packed: Buffer, method: number, sizeBytes: number): Buffer {
  if (method === STORED) return packed;
  if (method !== DEFLATED) throw invalidArgument("zip: unsupported compression algorithm");
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(sizeBytes, 1) });
  } catch (error) {
    throw invalidArgument(`zip: ${messageOf(error)}`, { cause: error });
  }
}

/** The lengths of a name and of the extra fields behind it, which stand next to each other in every header. */
function variableBytes(archive: Buffer, at: number): number {
  return archive.readUInt16LE(at) + archive.readUInt16LE(at + 2);
}

function broken(): Error {
  return invalidArgument("zip: not a valid zip file");
}
