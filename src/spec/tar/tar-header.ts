import { invalidArgument } from "../../base/errors.ts";

/** A header block as it is, before extensions are applied to it. */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  /** The character of the type field. */
  readonly typeFlag: string;
  readonly linkName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

const CHECKSUM_START = 148;
const CHECKSUM_END = 156;

export function invalidHeader(reason: string): Error {
  return invalidArgument(`archive/tar: invalid tar header: ${reason}`);
}

/**
 * The header in the 512 bytes of `block`; undefined for a block of zeros. Reads the forms of Unix V7, ustar and GNU.
 * Errors: invalidArgument.
 * Source: POSIX.1-2024, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  const sums = checksumsOf(block);
  if (sums === undefined) return undefined;
  const stored = octal(block, CHECKSUM_START, 8);
  if (stored !== sums.unsigned && stored !== sums.signed) throw invalidHeader("checksum mismatch");
  const magic = block.toString("latin1", 257, 263);
  const isUstar = magic === "ustar\0";
  const isKnown = isUstar || magic === "ustar ";
  const name = text(block, 0, 100);
  // GNU's own format keeps other things where ustar has the prefix.
  const prefix = isUstar ? text(block, 345, 155) : "";
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    sizeBytes: size(block, 124, 12),
    mtimeSeconds: number(block, 136, 12),
    typeFlag: String.fromCharCode(block[156]!),
    linkName: text(block, 157, 100),
    deviceMajor: isKnown ? number(block, 329, 8) : 0,
    deviceMinor: isKnown ? number(block, 337, 8) : 0,
  };
}

/** Sums of all bytes with the checksum field taken as blanks: old programs summed signed characters. */
function checksumsOf(block: Buffer): { unsigned: number; signed: number } | undefined {
  let unsigned = 0;
  let high = 0;
  for (let index = 0; index < block.length; index++) {
    const byte = block[index]!;
    unsigned += byte;
    if (byte > 127) high++;
  }
  if (unsigned === 0) return undefined;
  for (let index = CHECKSUM_START; index < CHECKSUM_END; index++) {
    unsigned += 32 - block[index]!;
    if (block[index]! > 127) high--;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

/** A text that ends at NUL or at the end of its field. */
function text(block: Buffer, start: number, length: number): string {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return block.toString("latin1", start, end);
}

/** A number in octal digits, or in base 256 where the first bit is set. Source: GNU tar manual, "Extensions to the tar format". */
export function number(block: Buffer, start: number, length: number): number {
  return (block[start]! & 0x80) === 0 ? octal(block, start, length) : base256(block, start, length);
}

export function size(block: Buffer, start: number, length: number): number {
  const value = number(block, start, length);
  if (value < 0) throw invalidHeader("negative size");
  return value;
}

function octal(block: Buffer, start: number, length: number): number {
  let index = start;
  let end = start + length;
  const isPadding = (byte: number) => byte === 0 || byte === 32;
  while (index < end && isPadding(block[index]!)) index++;
  while (end > index && isPadding(block[end - 1]!)) end--;
  let value = 0;
  for (; index < end; index++) {
    const digit = block[index]! - 48;
    // A field may hold rubbish behind its NUL.
    if (block[index] === 0) break;
    if (digit < 0 || digit > 7) throw invalidHeader("a number is not octal");
    value = value * 8 + digit;
  }
  return value;
}

function base256(block: Buffer, start: number, length: number): number {
  const isNegative = (block[start]! & 0x40) !== 0;
  let value = BigInt(isNegative ? (block[start]! & 0x7f) - 0x80 : block[start]! & 0x7f);
  for (let index = start + 1; index < start + length; index++) value = value * 256n + BigInt(block[index]!);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw invalidHeader("a number is too large");
  return result;
}
