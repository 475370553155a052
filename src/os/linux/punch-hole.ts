import { fallocate } from "./libc.ts";
import { checkAsync } from "./syscall-error.ts";

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/**
 * The whole blocks in a range of a file are given back to the file system; the range reads as zeros and the file's size
 * stays. Writers of other parts are not disturbed. Errors: SyscallError, EOPNOTSUPP where the file system has no holes.
 * Source: fallocate(2).
 */
export async function punchHole(fd: number, offset: number, sizeBytes: number): Promise<void> {
  await checkAsync("fallocate", fallocate, [
    fd,
    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
    offset,
    sizeBytes,
  ]);
}
