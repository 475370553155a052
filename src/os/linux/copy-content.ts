import { ftruncateSync, readSync, writeSync } from "node:fs";
import { addressOf } from "../ffi/native.ts";
import { lseek, SYS, syscall } from "./libc.ts";
import { check, isErrno } from "./syscall-error.ts";

const FICLONE = 0x40049409;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const BUFFER_BYTES = 1 << 20;

interface OpenFile {
  readonly fd: number;
}

/**
 * The empty file `target`, open for writing, reads as `source` does: with the same blocks where the file system can share
 * them, which takes neither time nor space; else with holes where `source` has holes. A source that shrinks meanwhile
 * leaves zeros behind its end. Runs on this thread. Errors: SyscallError, ENOSPC among them; a part may be there then.
 * Source: ioctl_ficlone(2), lseek(2), copy_file_range(2).
 */
export function copyContent(source: OpenFile, target: OpenFile, sizeBytes: number): void {
  if (sizeBytes === 0 || cloneContent(source, target)) return;
  ftruncateSync(target.fd, sizeBytes);
  for (const { start, end } of dataOf(source, sizeBytes)) copyRange(source, target, start, end);
}

function cloneContent(source: OpenFile, target: OpenFile): boolean {
  try {
    check("ioctl", syscall(SYS.ioctl, target.fd, FICLONE, source.fd, 0, 0, 0));
    return true;
  } catch (error) {
    // Another file system, one that shares no blocks, or a file that it does not share.
    if (isErrno(error, "EOPNOTSUPP", "ENOTTY", "EXDEV", "EINVAL", "EPERM", "ETXTBSY", "ENOSYS")) return false;
    throw error;
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The parts of a file that are no holes. */
function* dataOf(file: OpenFile, sizeBytes: number): Generator<Range> {
  for (let end = 0; end < sizeBytes; ) {
    const start = seek(file, end, SEEK_DATA);
    if (start === undefined || start >= sizeBytes) return;
    end = Math.min(seek(file, start, SEEK_HOLE) ?? sizeBytes, sizeBytes);
    yield { start, end };
  }
}

function seek(file: OpenFile, offset: number, whence: number): number | undefined {
  try {
    return check("lseek", lseek(file.fd, offset, whence));
  } catch (error) {
    // There is nothing but a hole from here on.
    if (isErrno(error, "ENXIO")) return undefined;
    // A file system that does not know: all is data.
    if (isErrno(error, "EINVAL")) return whence === SEEK_DATA ? offset : undefined;
    throw error;
  }
}

function copyRange(source: OpenFile, target: OpenFile, start: number, end: number): void {
  // The kernel moves both on.
  const from = BigInt64Array.of(BigInt(start));
  const to = BigInt64Array.of(BigInt(start));
  const [fromAddress, toAddress] = [addressOf(from), addressOf(to)];
  while (from[0]! < end) {
    const left = end - Number(from[0]!);
    try {
      const { fd } = source;
      const call = () => syscall(SYS.copy_file_range, fd, fromAddress, target.fd, toAddress, left, 0);
      if (check("copy_file_range", call()) === 0) return;
    } catch (error) {
      if (!isErrno(error, "EXDEV", "EOPNOTSUPP", "EINVAL", "ENOSYS", "EPERM", "EIO")) throw error;
      copyByHand(source, target, Number(from[0]!), end);
      return;
    }
  }
}

function copyByHand(source: OpenFile, target: OpenFile, start: number, end: number): void {
  const buffer = Buffer.allocUnsafe(Math.min(BUFFER_BYTES, end - start));
  for (let at = start; at < end; ) {
    const length = readSync(source.fd, buffer, 0, Math.min(buffer.length, end - at), at);
    if (length === 0) return;
    for (let done = 0; done < length; ) done += writeSync(target.fd, buffer, done, length - done, at + done);
    at += length;
  }
}
