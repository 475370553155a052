import { writeAll } from "./write-all.ts";

const BLOCK_BYTES = 4096;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/**
 * A file that read as zeros from `offsetBytes` on has `bytes` there; blocks of zeros are left to be holes. Returns the
 * end of what was written, `offsetBytes` where nothing was.
 */
export function writeWithHoles(fd: number, bytes: Buffer, offsetBytes: number): number {
  let endBytes = offsetBytes;
  for (const { start, end } of runsOfData(bytes, offsetBytes)) {
    writeAll(fd, bytes.subarray(start, end), offsetBytes + start);
    endBytes = offsetBytes + end;
  }
  return endBytes;
}

function* runsOfData(bytes: Buffer, offsetBytes: number): Generator<{ start: number; end: number }> {
  let start = 0;
  let at = 0;
  while (at < bytes.length) {
    // Blocks of the file, not of the buffer.
    const end = Math.min(at + BLOCK_BYTES - ((offsetBytes + at) % BLOCK_BYTES), bytes.length);
    if (bytes.compare(ZEROS, 0, end - at, at, end) === 0) {
      if (start < at) yield { start, end: at };
      start = end;
    }
    at = end;
  }
  if (start < at) yield { start, end: at };
}
