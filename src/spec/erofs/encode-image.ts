import { invalidArgument } from "../../base/errors.ts";
import { type DirectoryBlocks, layOutDirectory, writeDirectory } from "./directory-blocks.ts";
import { encodeXattrs, xattrCount } from "./encode-xattrs.ts";
import { EROFS_BLOCK_BYTES, type ErofsNode } from "./erofs-node.ts";

const MAGIC = 0xe0f5e1e2;
const BLOCK_BITS = 9;
const SUPERBLOCK_OFFSET = 1024;
/** Where contents may begin: the superblock lies before. */
export const EROFS_DATA_START_BYTES = 4096;

const COMPAT_MTIME = 0x2;
const INCOMPAT_CHUNKED_FILE = 0x4;

const INODE_BYTES = 64;
const SLOT_BYTES = 32;
/** The root's place: 0 would make its inode number 0, which means "no file" to readers of directories. */
const ROOT_SLOT = 2;
/** More than this stands in blocks of its own instead of behind the inode. */
const MAX_INLINE_BYTES = 256;
const MAX_BLOCKS = 0xfffffffe;

const LAYOUT = { plain: 0, inline: 2, chunks: 4 } as const;

/** What stands in an image besides the contents of files. */
export interface EncodedErofs {
  /** The first `EROFS_DATA_START_BYTES` of the image. */
  readonly head: Buffer;
  /** Everything from `metadataStartBytes` to the end of the image. */
  readonly metadata: Buffer;
}

interface Placed {
  readonly node: ErofsNode;
  readonly links: number;
  readonly xattrs: Buffer;
  readonly directory: DirectoryBlocks | undefined;
  /** Bytes behind the inode and its attributes: contents or a map of chunks. */
  readonly tailBytes: number;
  readonly layout: number;
  /** From the start of the metadata. */
  offset: number;
  /** Likewise, of contents in blocks of their own. */
  blocksOffset: number;
}

/**
 * The metadata of an uncompressed EROFS image whose files' contents stand between `EROFS_DATA_START_BYTES` and
 * `metadataStartBytes` (whole blocks) already. Equal trees give equal bytes. Linux reads it from 6.4 on, since its blocks
 * are smaller than a page. Errors: invalidArgument for an image of 2 TiB or more, and for attributes that are too large.
 * Source: Documentation/filesystems/erofs.rst; fs/erofs/erofs_fs.h.
 */
export function encodeErofs(root: ErofsNode, metadataStartBytes: number): EncodedErofs {
  const placed = placeNodes(root);
  const inodesBytes = assignInodes([...placed.values()]);
  const totalBytes = assignBlocks([...placed.values()], inodesBytes);
  const startBlock = metadataStartBytes / EROFS_BLOCK_BYTES;
  const blocks = startBlock + totalBytes / EROFS_BLOCK_BYTES;
  if (blocks > MAX_BLOCKS) throw invalidArgument("the layer is too large for an EROFS image");
  const metadata = Buffer.alloc(totalBytes);
  const nidOf = (node: ErofsNode) => placed.get(node)!.offset / SLOT_BYTES;
  let number = 1;
  for (const each of placed.values()) {
    writeInode(metadata, each, number++, startBlock);
    writeContent(metadata, each, nidOf);
  }
  return { head: encodeHead(placed, startBlock, blocks), metadata };
}

/** All nodes below and with `root`, each once; the root comes first, since few bits tell its place. Goes without recursion: trees may be of any depth. */
function placeNodes(root: ErofsNode): Map<ErofsNode, Placed> {
  const links = countLinks(root);
  const placed = new Map<ErofsNode, Placed>();
  const pending: Array<readonly [node: ErofsNode, parent: ErofsNode]> = [[root, root]];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [node, parent] = next;
    if (placed.has(node)) continue;
    const own = place(node, parent, links.get(node)!);
    placed.set(node, own);
    // In their order on disk, so that equal trees give equal bytes.
    for (const [name, child] of own.directory?.blocks.flat() ?? []) {
      if (name !== "." && name !== "..") pending.push([child, node]);
    }
  }
  return placed;
}

function countLinks(root: ErofsNode): Map<ErofsNode, number> {
  const links = new Map<ErofsNode, number>([[root, 2]]);
  const pending = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.content.kind !== "directory") continue;
    for (const child of node.content.entries.values()) {
      const isDirectory = child.content.kind === "directory";
      links.set(child, (links.get(child) ?? 0) + (isDirectory ? 2 : 1));
      if (!isDirectory) continue;
      // Its entry for the directory above.
      links.set(node, links.get(node)! + 1);
      pending.push(child);
    }
  }
  return links;
}

function place(node: ErofsNode, parent: ErofsNode, links: number): Placed {
  const { content } = node;
  const directory = content.kind === "directory" ? layOutDirectory(node, parent, content.entries) : undefined;
  const ownBytes = directory?.sizeBytes ?? (content.kind === "bytes" ? content.bytes.length : 0);
  const isInline = ownBytes > 0 && ownBytes <= MAX_INLINE_BYTES;
  const isChunked = content.kind === "chunks";
  return {
    node,
    links,
    xattrs: encodeXattrs(node.xattrs),
    directory,
    tailBytes: isChunked ? content.blocks.length * 4 : isInline ? ownBytes : 0,
    layout: isChunked ? LAYOUT.chunks : isInline ? LAYOUT.inline : LAYOUT.plain,
    offset: 0,
    blocksOffset: 0,
  };
}

/** Gives each inode its place; the size of all, in whole blocks. */
function assignInodes(placed: readonly Placed[]): number {
  let end = ROOT_SLOT * SLOT_BYTES;
  for (const each of placed) {
    const before = INODE_BYTES + each.xattrs.length;
    let offset = align(end, SLOT_BYTES);
    // Contents behind an inode must not cross into another block.
    while (
      each.layout === LAYOUT.inline &&
      ((offset + before) % EROFS_BLOCK_BYTES) + each.tailBytes > EROFS_BLOCK_BYTES
    ) {
      offset += SLOT_BYTES;
    }
    each.offset = offset;
    end = offset + before + each.tailBytes;
  }
  return align(end, EROFS_BLOCK_BYTES);
}

/** Gives contents that do not stand behind their inode their blocks; the size of inodes and blocks. */
function assignBlocks(placed: readonly Placed[], startBytes: number): number {
  let end = startBytes;
  for (const each of placed) {
    if (each.layout !== LAYOUT.plain) continue;
    each.blocksOffset = end;
    end += align(sizeOfOwn(each), EROFS_BLOCK_BYTES);
  }
  return end;
}

/** Bytes of contents that are part of the metadata. */
function sizeOfOwn({ node, directory }: Placed): number {
  return directory?.sizeBytes ?? (node.content.kind === "bytes" ? node.content.bytes.length : 0);
}

function writeInode(metadata: Buffer, placed: Placed, number: number, startBlock: number): void {
  const { node, layout, links, xattrs, offset } = placed;
  const { content } = node;
  const isExtended = 1;
  metadata.writeUInt16LE(isExtended | (layout << 1), offset);
  metadata.writeUInt16LE(xattrCount(xattrs.length), offset + 2);
  metadata.writeUInt16LE(node.mode, offset + 4);
  const sizeBytes = "sizeBytes" in content ? content.sizeBytes : sizeOfOwn(placed);
  metadata.writeBigUInt64LE(BigInt(sizeBytes), offset + 8);
  metadata.writeUInt32LE(unionOf(placed, startBlock), offset + 16);
  metadata.writeUInt32LE(number, offset + 20);
  metadata.writeUInt32LE(node.uid, offset + 24);
  metadata.writeUInt32LE(node.gid, offset + 28);
  metadata.writeBigInt64LE(BigInt.asIntN(64, BigInt(node.mtimeSeconds)), offset + 32);
  metadata.writeUInt32LE(node.mtimeNanoseconds, offset + 40);
  metadata.writeUInt32LE(links, offset + 44);
  xattrs.copy(metadata, offset + INODE_BYTES);
}

/** The word of an inode that means what its type and layout say. */
function unionOf({ node: { content }, layout, blocksOffset }: Placed, startBlock: number): number {
  if (content.kind === "device") return encodeDevice(content.major, content.minor);
  if (content.kind === "chunks") return content.chunkBits;
  if (content.kind === "extent") return content.startBlock;
  return layout === LAYOUT.plain ? startBlock + blocksOffset / EROFS_BLOCK_BYTES : 0;
}

function writeContent(metadata: Buffer, placed: Placed, nidOf: (node: ErofsNode) => number): void {
  const { node, directory, layout, offset, xattrs, blocksOffset } = placed;
  const at = layout === LAYOUT.plain ? blocksOffset : offset + INODE_BYTES + xattrs.length;
  if (directory) writeDirectory(metadata, at, directory, nidOf);
  else if (node.content.kind === "bytes") node.content.bytes.copy(metadata, at);
  else if (node.content.kind === "chunks") {
    for (const [index, block] of node.content.blocks.entries()) metadata.writeUInt32LE(block, at + index * 4);
  }
}

function encodeHead(placed: ReadonlyMap<ErofsNode, Placed>, startBlock: number, blocks: number): Buffer {
  const head = Buffer.alloc(EROFS_DATA_START_BYTES);
  const isChunked = [...placed.values()].some(({ layout }) => layout === LAYOUT.chunks);
  const at = SUPERBLOCK_OFFSET;
  head.writeUInt32LE(MAGIC, at);
  head.writeUInt32LE(COMPAT_MTIME, at + 8);
  head.writeUInt8(BLOCK_BITS, at + 12);
  head.writeUInt16LE(ROOT_SLOT, at + 14);
  head.writeBigUInt64LE(BigInt(placed.size), at + 16);
  head.writeUInt32LE(blocks, at + 36);
  head.writeUInt32LE(startBlock, at + 40);
  head.writeUInt32LE(isChunked ? INCOMPAT_CHUNKED_FILE : 0, at + 80);
  return head;
}

/** The number of files in an image, from its first `EROFS_DATA_START_BYTES`. */
export function countErofsFiles(head: Buffer): number {
  return Number(head.readBigUInt64LE(SUPERBLOCK_OFFSET + 16));
}

/** A device number in the kernel's own 32 bits. Source: <linux/kdev_t.h>, new_encode_dev. */
function encodeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

function align(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
