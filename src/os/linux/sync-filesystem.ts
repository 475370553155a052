import { constants } from "node:fs";
import { openFd } from "./fd.ts";
import { syncfs } from "./libc.ts";
import { checkAsync } from "./syscall-error.ts";

/**
 * Everything written to the file system that `path` lies on has reached the disk. Waits on another thread.
 * Errors: SyscallError, among them what writing back had failed with before.
 * Source: syncfs(2).
 */
export async function syncFilesystem(path: string): Promise<void> {
  using directory = openFd(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await checkAsync("syncfs", syncfs, [directory.fd], path);
}
