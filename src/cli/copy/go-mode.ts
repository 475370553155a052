import { posix } from "node:path";

/** Source: Go's `io/fs`, `FileMode` bits. */
const MODE_DIR = 0x80000000;
const MODE_SYMLINK = 0x08000000;

// Division, since JavaScript's bit operators see 32 signed bits.
function hasBit(mode: number, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1;
}

export function isGoDirectory(mode: number): boolean {
  return hasBit(mode, MODE_DIR);
}

export function isGoSymlink(mode: number): boolean {
  return hasBit(mode, MODE_SYMLINK);
}

/** What a link at `path` in a container points to. */
export function resolveLink(path: string, linkTarget: string): string {
  return linkTarget.startsWith("/") ? linkTarget : posix.join(posix.dirname(path), linkTarget);
}
