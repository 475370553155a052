import { EROFS_BLOCK_BYTES, type ErofsNode } from "./erofs-node.ts";

const ENTRY_BYTES = 12;

/** Types of directory entries by the type bits of a mode. */
const TYPES: ReadonlyMap<number, number> = new Map([
  [0o100000, 1],
  [0o040000, 2],
  [0o020000, 3],
  [0o060000, 4],
  [0o010000, 5],
  [0o140000, 6],
  [0o120000, 7],
]);

/** The entries of a directory, in order, cut into blocks. */
export interface DirectoryBlocks {
  readonly blocks: ReadonlyArray<ReadonlyArray<readonly [name: string, node: ErofsNode]>>;
  /** The last block counted only as far as it is used. */
  readonly sizeBytes: number;
}

/** Sorts a directory's entries, `.` and `..` among them, by the bytes of their names. Names have at most 255 bytes. */
export function layOutDirectory(
  directory: ErofsNode,
  parent: ErofsNode,
  entries: ReadonlyMap<string, ErofsNode>,
): DirectoryBlocks {
  const sorted: Array<[string, ErofsNode]> = [[".", directory], ["..", parent], ...entries];
  sorted.sort(([a], [b]) => (a < b ? -1 : 1));
  const blocks: Array<Array<[string, ErofsNode]>> = [];
  let used = EROFS_BLOCK_BYTES;
  for (const entry of sorted) {
    const size = ENTRY_BYTES + entry[0].length;
    if (used + size > EROFS_BLOCK_BYTES) {
      blocks.push([]);
      used = 0;
    }
    blocks.at(-1)!.push(entry);
    used += size;
  }
  return { blocks, sizeBytes: (blocks.length - 1) * EROFS_BLOCK_BYTES + used };
}

/** Writes a directory's blocks to `target` from `offset` on. `nidOf` tells the number of a node. */
export function writeDirectory(
  target: Buffer,
  offset: number,
  { blocks }: DirectoryBlocks,
  nidOf: (node: ErofsNode) => number,
): void {
  for (const [index, block] of blocks.entries()) {
    const start = offset + index * EROFS_BLOCK_BYTES;
    let nameOffset = block.length * ENTRY_BYTES;
    for (const [slot, [name, node]] of block.entries()) {
      const at = start + slot * ENTRY_BYTES;
      target.writeBigUInt64LE(BigInt(nidOf(node)), at);
      target.writeUInt16LE(nameOffset, at + 8);
      target.writeUInt8(TYPES.get(node.mode & 0o170000) ?? 0, at + 10);
      target.write(name, start + nameOffset, "latin1");
      nameOffset += name.length;
    }
  }
}
