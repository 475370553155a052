import { constants } from "node:fs";
import { join } from "node:path";
import { invalidArgument, notFound } from "../../../base/errors.ts";
import { O_PATH, type OwnedFd, openFd } from "../../../os/linux/fd.ts";
import { openAt2, RESOLVE } from "../../../os/linux/openat2.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";

/**
 * What is at `subpath` below the trusted directory `base`. Whoever can write there may swap links meanwhile: the kernel
 * resolves the path in one go and refuses what would lead outside. Errors: notFound; invalidArgument where it leads outside.
 * Source: openat2(2), RESOLVE_BENEATH.
 */
export function openSubpath(base: string, subpath: string): OwnedFd {
  const whole = join(base, subpath);
  try {
    using directory = openFd(base, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const resolve = RESOLVE.beneath | RESOLVE.noMagiclinks;
    return openAt2(directory.fd, subpath, { flags: O_PATH, resolve });
  } catch (error) {
    if (isErrno(error, "EXDEV")) {
      throw invalidArgument(
        `path concatenation escapes the base directory, base: ${base}, subpath: ${subpath}`,
        { cause: error },
      );
    }
    if (isErrno(error, "ENOENT", "ELOOP", "ENOTDIR")) {
      const why = error.code === "ENOENT" ? "no such file or directory" : "not a directory";
      throw notFound(`cannot access path ${whole}: lstat ${whole}: ${why}`, { cause: error });
    }
    throw error;
  }
}
