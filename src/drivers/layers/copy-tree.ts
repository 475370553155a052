import { constants } from "node:fs";
import { copyContent } from "../../os/linux/copy-content.ts";
import { type OwnedFd, openFd } from "../../os/linux/fd.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { type FileStat, statFd } from "../../os/linux/stat.ts";
import { getXattr, listXattrs } from "../../os/linux/xattr.ts";
import { toFilePath } from "./entry-path.ts";
import { walkTree } from "./walk-tree.ts";

/**
 * The empty directory `target` has everything that `source` has: contents (shared with the source where the file system
 * can, else with its holes), owners, modes, times, attributes, devices, and several names of one file stay one file. Whatever others do in
 * `target` meanwhile, nothing outside it is touched. Runs on this thread.
 * Errors: SyscallError; a part of the copy may be there then.
 */
export function copyTree(source: string, target: string): void {
  using from = RootDir.open(source);
  using to = RootDir.open(target);
  const firstNames = new Map<bigint, string>();
  const directories: Array<readonly [path: string, stat: FileStat]> = [["", statFd(from.fd)]];
  copyMetadata(from, "", statFd(from.fd), to);
  for (const { path, node, stat } of walkTree(source)) {
    const first = stat.links > 1 && stat.type !== "directory" ? firstNames.get(stat.inode) : undefined;
    if (first !== undefined) {
      to.link(toFilePath(first), toFilePath(path));
      continue;
    }
    if (stat.links > 1) firstNames.set(stat.inode, path);
    copyNode(node, stat, path, from, to);
    copyMetadata(node, path, stat, to);
    if (stat.type === "directory") directories.push([path, stat]);
  }
  for (const [path, stat] of directories.reverse()) copyTimes(path, stat, to);
}

function copyNode(node: OwnedFd, stat: FileStat, path: string, from: RootDir, to: RootDir): void {
  const at = toFilePath(path);
  if (stat.type === "directory") {
    to.mkdir(at, 0o700);
  } else if (stat.type === "symlink") {
    to.symlink(from.readlink(at), at);
  } else if (stat.type === "file") {
    // By descriptor: a container that has the target mounted may swap directories of the path for links meanwhile.
    using file = to.open(at, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    using content = openFd(node.procPath, constants.O_RDONLY);
    copyContent(content, file, stat.sizeBytes);
  } else {
    to.mknod(at, stat.type, 0o600, { major: stat.deviceMajor, minor: stat.deviceMinor });
  }
}

function copyMetadata(source: { readonly fd: number }, path: string, stat: FileStat, to: RootDir): void {
  const at = toFilePath(path);
  to.chown(at, stat.uid, stat.gid);
  if (stat.type !== "symlink") to.chmod(at, stat.mode);
  // After the owner: changing it removes file capabilities.
  for (const name of listXattrs(source)) {
    const value = getXattr(source, name);
    if (value) to.setXattr(at, name, value);
  }
  if (stat.type !== "directory") copyTimes(path, stat, to);
}

function copyTimes(path: string, stat: FileStat, to: RootDir): void {
  to.utimes(toFilePath(path), { accessNs: stat.accessNs, modifyNs: stat.modifyNs });
}
