import { readFileSync, statSync } from "node:fs";
import { formatRfc3339Nano } from "../../base/time.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";

/** What a monitor wrote about the end of its process. */
export interface RecordedExit {
  readonly exitCode: number;
  /** RFC 3339 with nanoseconds. */
  readonly exitedAt: string;
}

/** The exit that a monitor recorded in the file `path`; undefined where there is none yet. */
export function readRecordedExit(path: string): RecordedExit | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    // The file is there before its content is.
    if (!/^-?\d+$/.test(text)) return undefined;
    const exitedAt = formatRfc3339Nano(statSync(path, { bigint: true }).mtimeNs);
    return { exitCode: Number(text), exitedAt };
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
