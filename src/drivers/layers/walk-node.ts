import { RootDir } from "../../os/linux/root-dir.ts";
import { statFd } from "../../os/linux/stat.ts";
import { statFilesystem } from "../../os/linux/statfs.ts";
import { byteString } from "../../spec/tar/mod.ts";
import { type TreeEntry, walkTree } from "./walk-tree.ts";

/** A file or directory inside a root, whose paths are resolved by the kernel as if the root were `/`. */
export interface NodeSource {
  /** Path of the root directory on the host; `/proc/PID/root` and `/proc/self/fd/N` as well. */
  readonly root: string;
  /** Path in the root. A symbolic link at its end is taken as it is; with a slash behind it, its directory. */
  readonly path: string;
  /** Name that the node gets; what is below it is named after that. Empty for names that begin with a slash. */
  readonly as: string;
}

/** What the kernel shows of itself: not files of the container, endless in part, and some change when they are read. */
const KERNEL_FILESYSTEMS = new Set(["proc", "sysfs", "cgroup", "cgroup2"]);

/**
 * A node and everything below it, as `walkTree`. Directories of the kernel's own file systems that are met on the way
 * are empty. Errors: SyscallError where the node cannot be reached.
 */
export function* walkNode({ root, path, as }: NodeSource): Generator<TreeEntry> {
  using top = RootDir.open(root);
  using node = top.openNode(path);
  const name = byteString(as);
  const stat = statFd(node.fd, path);
  yield { path: name, name, node, stat };
  if (stat.type !== "directory") return;
  for (const entry of walkTree(node.procPath, isOwnContent))
    yield { ...entry, path: `${name}/${entry.path}` };
}

function isOwnContent({ node }: TreeEntry): boolean {
  return !KERNEL_FILESYSTEMS.has(statFilesystem(node).type);
}
