import { addressOf } from "../ffi/native.ts";
import { type FilePath, fromBytes, toNative } from "./file-path.ts";
import { SYS, syscall } from "./libc.ts";
import { type FileType, statEntry } from "./stat.ts";
import { check, isErrno } from "./syscall-error.ts";

export interface DirectoryEntry {
  readonly name: FilePath;
  readonly type: FileType;
}

const BUFFER_BYTES = 32 * 1024;

/** Offsets in a linux_dirent64. Source: getdents(2). */
const LENGTH_AT = 16;
const TYPE_AT = 18;
const NAME_AT = 19;

/** File types by d_type; 0 means that the file system does not say. */
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [1, "fifo"],
  [2, "character"],
  [4, "directory"],
  [6, "block"],
  [8, "file"],
  [10, "symlink"],
  [12, "socket"],
]);

/**
 * Entries of an open directory (readable, at its beginning) without `.` and `..`, in no order.
 * Errors: SyscallError.
 */
export function readEntries(directoryFd: number): DirectoryEntry[] {
  const buffer = Buffer.alloc(BUFFER_BYTES);
  const address = addressOf(buffer);
  const entries: DirectoryEntry[] = [];
  for (;;) {
    const length = check("getdents64", syscall(SYS.getdents64, directoryFd, address, BUFFER_BYTES, 0, 0, 0));
    if (length === 0) return entries;
    for (let offset = 0; offset < length; offset += buffer.readUInt16LE(offset + LENGTH_AT)) {
      const start = offset + NAME_AT;
      const name = fromBytes(Buffer.from(buffer.subarray(start, buffer.indexOf(0, start))));
      if (name === "." || name === "..") continue;
      const type = TYPES.get(buffer[offset + TYPE_AT]!) ?? typeOf(directoryFd, name);
      if (type) entries.push({ name, type });
    }
  }
}

function typeOf(directoryFd: number, name: FilePath): FileType | undefined {
  try {
    return statEntry(directoryFd, toNative(name)).type;
  } catch (error) {
    // Removed since the directory was read.
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
