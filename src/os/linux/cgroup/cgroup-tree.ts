import { readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "../syscall-error.ts";

/** The group's directory and those below it are gone. Control files go with their directory, so only rmdir works. */
export function removeGroupTree(directory: string): void {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroupTree(join(directory, entry.name));
    }
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENODEV")) throw error;
  }
}
