/** Size of a block. The smallest that EROFS has, which is tar's as well: contents can stay where a tar has them. */
export const EROFS_BLOCK_BYTES = 512;

/** The block of a chunk that is a hole. */
export const EROFS_HOLE = 0xffffffff;

/**
 * A file of an image. The same object under several names is one file with several names. Names, and names and values of
 * attributes, are byte strings (one character for each byte).
 */
export interface ErofsNode {
  /** Type and permissions as of stat(2). */
  mode: number;
  uid: number;
  gid: number;
  mtimeSeconds: number;
  mtimeNanoseconds: number;
  /** By full name, such as `security.capability`. Names that EROFS has no place for are left out. */
  xattrs: ReadonlyMap<string, string>;
  content: ErofsContent;
}

export type ErofsContent =
  /** Without `.` and `..`. */
  | { readonly kind: "directory"; readonly entries: Map<string, ErofsNode> }
  /** Bytes that stand in the image from a block on. */
  | { readonly kind: "extent"; readonly sizeBytes: number; readonly startBlock: number }
  /** Bytes in chunks of `2 ** chunkBits` blocks; `blocks` tells where each chunk begins, `EROFS_HOLE` for none. */
  | {
      readonly kind: "chunks";
      readonly sizeBytes: number;
      readonly chunkBits: number;
      readonly blocks: readonly number[];
    }
  /** Bytes that are stored beside the file's metadata: targets of symbolic links. */
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "device"; readonly major: number; readonly minor: number }
  /** FIFOs. */
  | { readonly kind: "none" };
