import { formatRfc3339Nano } from "../../../base/time.ts";
import type { RootDir } from "../../../os/linux/root-dir.ts";
import type { FileStat, FileType } from "../../../os/linux/stat.ts";
import type { PathStat } from "../../../spec/engine-api/mod.ts";
import { baseName, followLinks } from "./container-path.ts";

/** Source: Go's io/fs, `FileMode`. */
const TYPE_BITS: Readonly<Record<FileType, number>> = {
  file: 0,
  directory: 2 ** 31,
  symlink: 2 ** 27,
  block: 2 ** 26,
  character: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
};
const SET_UID = 2 ** 23;
const SET_GID = 2 ** 22;
const STICKY = 2 ** 20;

/** Type and permissions as Go's `FileMode`. */
function goFileMode({ type, mode }: Pick<FileStat, "type" | "mode">): number {
  const special =
    (mode & 0o4000 ? SET_UID : 0) + (mode & 0o2000 ? SET_GID : 0) + (mode & 0o1000 ? STICKY : 0);
  return TYPE_BITS[type] + special + (mode & 0o777);
}

/** What is at `path` (as `containerPath` makes it); a link at its end is told of itself. Errors: SyscallError. */
export function describePath(root: RootDir, path: string): PathStat {
  const stat = root.stat(path);
  return {
    name: baseName(path),
    size: stat.sizeBytes,
    mode: goFileMode(stat),
    mtime: formatRfc3339Nano(stat.modifyNs),
    linkTarget: stat.type === "symlink" ? followLinks(root, path) : "",
  };
}
