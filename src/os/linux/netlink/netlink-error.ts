import { errnoName } from "../errno.ts";
import { describeErrno } from "../errno-text.ts";

/** A netlink request that the kernel refused. `code` is the error's name (`EEXIST`), so `isErrno` knows it too. */
export class NetlinkError extends Error {
  readonly errno: number;
  readonly code: string;
  /** Which request of a batch failed, from 0. */
  readonly requestIndex: number;

  /** `detail` is the kernel's own sentence from the extended acknowledgement, where it gave one. */
  constructor(description: string, errno: number, detail?: string, requestIndex = 0) {
    const reason = describeErrno(errno);
    super(detail ? `${description}: ${reason}: ${detail}` : `${description}: ${reason}`);
    this.name = "NetlinkError";
    this.errno = errno;
    this.code = errnoName(errno);
    this.requestIndex = requestIndex;
  }
}
