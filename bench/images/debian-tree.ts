import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mirrorOf } from "../../test/fixtures/debian-root.ts";
import { requireProgram } from "../../test/fixtures/programs.ts";
import { runOrThrow } from "../peers/process.ts";

/** Where the bench keeps what takes long to make. */
export const CACHE = "/var/cache/gantry-test";
const SUITE = "bookworm";
/** Makes the tree large and gives it many small files: a compiler, an interpreter, manuals. */
const PACKAGES = ["build-essential", "git", "python3", "openssh-client", "vim-tiny", "man-db"];

/** Path of a Debian tree of some 600 MB in 15,000 files, made by debootstrap on first use and kept. Never to be written to. */
export function debianTree(): string {
  const path = join(CACHE, "bench-debian");
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  try {
    const include = `--include=${PACKAGES.join(",")}`;
    runOrThrow([
      requireProgram("debootstrap"),
      "--variant=minbase",
      include,
      SUITE,
      unfinished,
      mirrorOf(SUITE),
    ]);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return path;
}
