import { invalidArgument } from "../../../base/errors.ts";
import { RootDir } from "../../../os/linux/root-dir.ts";
import { isErrno } from "../../../os/linux/syscall-error.ts";

/** The container's working directory exists in its root file system. Errors: invalidArgument where a file is in the way. */
export function makeWorkingDirectory(rootfs: string, path: string | undefined): void {
  if (!path || path === "/") return;
  using root = RootDir.open(rootfs);
  const found = root.statIfExists(path, { follow: true });
  if (found?.type === "directory") return;
  try {
    root.mkdirAll(path, 0o755);
  } catch (error) {
    if (!isErrno(error, "EEXIST") && !isErrno(error, "ENOTDIR")) throw error;
    throw invalidArgument(`Cannot mkdir: ${path} is not a directory`, { cause: error });
  }
}
