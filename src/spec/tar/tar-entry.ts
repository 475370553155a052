/** Size of every header and the unit to which contents are padded. */
export const BLOCK_BYTES = 512;

export type TarEntryType =
  | "file"
  | "hardlink"
  | "symlink"
  | "charDevice"
  | "blockDevice"
  | "directory"
  | "fifo";

/**
 * One member of a tar archive. Names, link names, names and values of extended attributes are byte strings: one
 * character (U+0000 to U+00FF) for each byte, since file names need not be UTF-8. `bytesOf` and `byteString` convert.
 */
export interface TarEntry {
  readonly type: TarEntryType;
  /** As the archive has it, unchecked: it may be absolute or climb with `..`. Never holds NUL. */
  readonly name: string;
  /** Target of a symbolic link, or name of the member that a hard link is another name of; else empty. */
  readonly linkName: string;
  /** Permission bits with set-user-id, set-group-id and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  /** Size of the file as it is to be, holes included; 0 for anything but files. */
  readonly sizeBytes: number;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes by full name, such as `security.capability`. */
  readonly xattrs: ReadonlyMap<string, string>;
}

/** The bytes of a byte string. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** The byte string of bytes, or of a text in UTF-8. */
export function byteString(content: Uint8Array | string): string {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The text that a byte string spells in UTF-8, for people to read. */
export function textOf(bytes: string): string {
  return bytesOf(bytes).toString();
}
