import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The directory of the clone, without a slash at its end. */
export const repository = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** What one check found wrong; the check passes with none. */
export interface Finding {
  /** Path in the repository, with `:line` where a line is meant. */
  readonly where: string;
  readonly what: string;
}

/**
 * Paths of the project's own files, in order: what git tracks and what it would, ignored files left out.
 * Shape: relative to the repository.
 */
export function projectFiles(): string[] {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: repository,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  const files = list.split("\0").filter((path) => path !== "" && existsSync(`${repository}/${path}`));
  return [...new Set(files)].sort();
}
