import { RootDir } from "../../os/linux/root-dir.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { toFilePath } from "./entry-path.ts";
import { lowerDirectory, makeLike } from "./lower-directory.ts";

/**
 * The directories `implied` of the tree at `directory` (clean paths, byte strings, empty for the root) have owner, mode and
 * attributes that they have in the trees below it, `parents`, topmost first. Those that are not there, here or below,
 * are left out. Idempotent.
 */
export function adoptDirectories(
  directory: string,
  parents: readonly string[],
  implied: readonly string[],
): void {
  using root = RootDir.open(directory);
  for (const path of implied) {
    const lower = lowerDirectory(parents, path);
    if (!lower) continue;
    try {
      using adopted = root.openRoot(path === "" ? "." : toFilePath(path));
      makeLike(adopted, lower, path);
    } catch (error) {
      // A later member of the layer took the directory away.
      if (!isErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    }
  }
}
