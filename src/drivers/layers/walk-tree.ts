import { constants, readdirSync } from "node:fs";
import { O_PATH, type OwnedFd } from "../../os/linux/fd.ts";
import { openAt2, RESOLVE } from "../../os/linux/openat2.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { type FileStat, statFd } from "../../os/linux/stat.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { byteString } from "../../spec/tar/mod.ts";
import { joinEntryPath, toFilePath } from "./entry-path.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** One entry of a tree. `node` is only open while the caller has not asked for the next entry. */
export interface TreeEntry {
  /** Path from the root of the tree, a byte string without a slash at its beginning. */
  readonly path: string;
  readonly name: string;
  /** Descriptor (O_PATH) of the entry itself, a symbolic link not followed. */
  readonly node: OwnedFd;
  readonly stat: FileStat;
}

/**
 * Everything below `root`, directories before what is in them, siblings in the order of their bytes. Follows no symbolic
 * link and stays in the tree even while a container changes it; what vanishes meanwhile is left out. What is in a directory
 * that `entersDirectory` refuses is left out as well. Runs on this thread.
 */
export function* walkTree(
  root: string,
  entersDirectory: (directory: TreeEntry) => boolean = () => true,
): Generator<TreeEntry> {
  using top = RootDir.open(root);
  yield* walkDirectory(top.fd, "", entersDirectory);
}

function* walkDirectory(
  parentFd: number,
  path: string,
  entersDirectory: (directory: TreeEntry) => boolean,
): Generator<TreeEntry> {
  for (const name of namesIn(parentFd)) {
    using node = openEntry(parentFd, name, O_PATH | O_NOFOLLOW);
    if (!node) continue;
    const entry = { path: joinEntryPath(path, name), name, node, stat: statFd(node.fd) };
    yield entry;
    if (entry.stat.type === "directory" && entersDirectory(entry)) {
      yield* walkDirectory(node.fd, entry.path, entersDirectory);
    }
  }
}

function namesIn(directoryFd: number): string[] {
  using directory = openEntry(directoryFd, ".", O_RDONLY | O_DIRECTORY);
  if (!directory) return [];
  return readdirSync(directory.procPath, { encoding: "buffer" })
    .map((name) => byteString(name))
    .sort();
}

function openEntry(parentFd: number, name: string, flags: number): OwnedFd | undefined {
  try {
    return openAt2(parentFd, toFilePath(name), { flags, resolve: RESOLVE.beneath });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
