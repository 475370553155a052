import { type EngineError, internal, invalidArgument, notFound } from "../../../base/errors.ts";
import { describeErrno } from "../../../os/linux/errno-text.ts";
import { isErrno, SyscallError } from "../../../os/linux/syscall-error.ts";

/** Texts that users and clients match on, word for word as docker has them. */

const noSuchFile = (path: string, container: string): EngineError =>
  notFound(`Could not find the file ${path} in container ${container}`);

export const notADirectory = (): EngineError => invalidArgument("extraction point is not a directory");

export const readOnlyRootfs = (): EngineError => invalidArgument("container rootfs is marked read-only");

export const readOnlyVolume = (): EngineError => invalidArgument("mounted volume is marked read-only");

/** What a failure at `path` of `container` (named as the client did) is told as. */
export function asPathError(error: unknown, path: string, container: string): unknown {
  if (isErrno(error, "ENOENT")) return noSuchFile(path, container);
  if (!(error instanceof SyscallError)) return error;
  return internal(`lstat ${path}: ${describeErrno(error.errno)}`, { cause: error });
}
