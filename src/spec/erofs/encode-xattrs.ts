import { invalidArgument } from "../../base/errors.ts";

/** Prefixes by their number on disk; the longest that fits comes first. */
const PREFIXES: ReadonlyArray<readonly [prefix: string, index: number]> = [
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["user.", 1],
  ["trusted.", 4],
  ["security.", 6],
];

const HEADER_BYTES = 12;
const ENTRY_BYTES = 4;
const MAX_NAME_BYTES = 255;
/** The kernel's own limit for a value. Source: <linux/limits.h>, XATTR_SIZE_MAX. */
const MAX_VALUE_BYTES = 65_536;
/** What the count of an inode's attribute words can tell. */
const MAX_BYTES = HEADER_BYTES + 4 * 0xfffe;

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * Attributes as they stand behind an inode, in whole words; empty for none. Errors: invalidArgument where they are too large.
 * Source: Documentation/filesystems/erofs.rst, "Extended attributes".
 */
export function encodeXattrs(xattrs: ReadonlyMap<string, string>): Buffer {
  if (xattrs.size === 0) return EMPTY;
  const parts: Buffer[] = [];
  for (const name of [...xattrs.keys()].sort()) {
    const found = PREFIXES.find(([prefix]) =>
      prefix.endsWith(".") ? name.startsWith(prefix) && name !== prefix : name === prefix,
    );
    if (found) parts.push(encodeEntry(found[1], name.slice(found[0].length), xattrs.get(name)!));
  }
  if (parts.length === 0) return EMPTY;
  const encoded = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...parts]);
  if (encoded.length > MAX_BYTES) throw invalidArgument("a file has too many extended attributes");
  return encoded;
}

function encodeEntry(prefixIndex: number, name: string, value: string): Buffer {
  if (name.length > MAX_NAME_BYTES || value.length >= MAX_VALUE_BYTES) {
    throw invalidArgument("an extended attribute is too large");
  }
  const length = ENTRY_BYTES + name.length + value.length;
  const entry = Buffer.alloc(Math.ceil(length / 4) * 4);
  entry.writeUInt8(name.length, 0);
  entry.writeUInt8(prefixIndex, 1);
  entry.writeUInt16LE(value.length, 2);
  entry.write(name, ENTRY_BYTES, "latin1");
  entry.write(value, ENTRY_BYTES + name.length, "latin1");
  return entry;
}

/** The count of words that an inode gives for attributes of that size. */
export function xattrCount(sizeBytes: number): number {
  return sizeBytes === 0 ? 0 : (sizeBytes - HEADER_BYTES) / 4 + 1;
}
