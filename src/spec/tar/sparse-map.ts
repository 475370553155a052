import { invalidHeader, number, size } from "./tar-header.ts";

/** A run of bytes that a sparse file holds; everything else of it is holes. */
export interface SparseFragment {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

const MAX_FRAGMENTS = 1_000_000;
/** No number is so long, and neither is what fills the last block. */
const MAX_LINE_BYTES = 1024;
const MAX_MAP_BYTES = 16 * 1024 * 1024;

/** Fragments of an old GNU sparse header or of one of its extension blocks. Source: GNU tar manual, "Old GNU Format". */
export function parseSparseSlots(block: Buffer, start: number, slots: number): SparseFragment[] {
  const fragments: SparseFragment[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const at = start + slot * 24;
    if (block[at] === 0) break;
    fragments.push({ offsetBytes: size(block, at, 12), lengthBytes: size(block, at + 12, 12) });
  }
  return fragments;
}

/** The real size that an old GNU sparse header names. */
export function oldSparseSize(block: Buffer): number {
  return number(block, 483, 12);
}

/** Fragments from alternating offsets and lengths. Source: GNU tar manual, "PAX Format, Versions 0.0, 0.1, 1.0". */
export function pairFragments(numbers: readonly string[]): SparseFragment[] {
  if (numbers.length % 2 !== 0 || numbers.length / 2 > MAX_FRAGMENTS)
    throw invalidHeader("a sparse map is broken");
  const values = numbers.map(parseDecimal);
  const fragments: SparseFragment[] = [];
  for (let index = 0; index < values.length; index += 2) {
    fragments.push({ offsetBytes: values[index]!, lengthBytes: values[index + 1]! });
  }
  return fragments;
}

/** Fragments in order and inside the file, holding exactly `storedBytes`. Errors: invalidArgument. */
export function checkFragments(
  fragments: readonly SparseFragment[],
  realSize: number,
  storedBytes: number,
): void {
  let end = 0;
  let total = 0;
  for (const { offsetBytes, lengthBytes } of fragments) {
    if (offsetBytes < end) throw invalidHeader("a sparse map is out of order");
    end = offsetBytes + lengthBytes;
    total += lengthBytes;
  }
  if (end > realSize || total !== storedBytes) throw invalidHeader("a sparse map does not fit its file");
}

/**
 * The map of a file in PAX sparse format 1.0: lines of decimal numbers before the contents, padded to whole blocks. The
 * first one says how many pairs follow. Errors: invalidArgument.
 */
export class SparseMapText {
  readonly #numbers: string[] = [];
  #line = "";
  /** Bytes that were read. */
  sizeBytes = 0;

  /** Reads the next block; the fragments once the map is complete. */
  add(block: Buffer): SparseFragment[] | undefined {
    this.sizeBytes += block.length;
    if (this.sizeBytes > MAX_MAP_BYTES) throw invalidHeader("a sparse map is too large");
    const lines = (this.#line + block.toString("latin1")).split("\n");
    this.#line = lines.pop()!;
    if (this.#line.length > MAX_LINE_BYTES) throw invalidHeader("a sparse map is broken");
    for (const line of lines) this.#numbers.push(line);
    if (this.#numbers.length === 0) return undefined;
    const end = 1 + 2 * parseDecimal(this.#numbers[0]!);
    return this.#numbers.length < end ? undefined : pairFragments(this.#numbers.slice(1, end));
  }
}

export function parseDecimal(text: string): number {
  if (!/^[0-9]{1,16}$/.test(text)) throw invalidHeader("a number is not decimal");
  return Number(text);
}
