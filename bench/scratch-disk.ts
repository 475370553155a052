import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { runOrThrow } from "./peers/process.ts";

const SIZE_BYTES = 12 * 1024 ** 3;

/**
 * A new ext4 file system of the bench's own at `path`, in a sparse file beside it; its mount goes with the bench's mount
 * namespace. Peers compare by what they do, not by what this machine's disk has been through: without a journal, as on
 * some machines, ext4 looks long for inodes that were not freed lately, and the bench frees many.
 */
export function mountScratchDisk(path: string): void {
  const file = `${path}.img`;
  writeFileSync(file, "");
  truncateSync(file, SIZE_BYTES);
  mkdirSync(path);
  runOrThrow(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", file]);
  runOrThrow(["mount", "-o", "loop,noatime", file, path]);
}
