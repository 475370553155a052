import { constants } from "node:fs";
import type { SnapshotChange } from "../../core/snapshots/snapshotter.ts";
import { O_PATH, type OwnedFd, openFd, readFd } from "../../os/linux/fd.ts";
import * as libc from "../../os/linux/libc.ts";
import { type FileStat, type FileType, statFd } from "../../os/linux/stat.ts";
import { check } from "../../os/linux/syscall-error.ts";
import { getXattr, listXattrs } from "../../os/linux/xattr.ts";
import {
  byteString,
  END_OF_ARCHIVE,
  encodeEntry,
  paddingOf,
  type TarEntry,
  type TarEntryType,
} from "../../spec/tar/mod.ts";
import { joinEntryPath, OPAQUE_WHITEOUT, parseEntryPath, whiteoutOf } from "./entry-path.ts";
import { isOpaque, isOpaqueFile, isOverlayXattr, isWhiteout } from "./overlay-marks.ts";
import { type NodeSource, walkNode } from "./walk-node.ts";
import { type TreeEntry, walkTree } from "./walk-tree.ts";

const READ_BYTES = 1024 * 1024;

/** What a tar is made from. */
export type TarSource =
  /** All of a tree as it is: the root file system of a container for `export`. */
  | { readonly kind: "tree"; readonly directory: string }
  /** A file or directory of a container with everything below it, under a name of the caller's choice: for `cp`. */
  | ({ readonly kind: "node" } & NodeSource)
  /** An overlay's upper directory: its whiteouts become `.wh.` members. */
  | {
      readonly kind: "overlayUpper";
      readonly directory: string;
      /** Begins with a member for the directory itself. */
      readonly withRoot?: boolean;
      /** Entries that are in the directory and not meant to be. */
      readonly leaveOut?: readonly SnapshotChange[];
    }
  /** A tree that holds its parents' files too: only what `changes` names. */
  | { readonly kind: "changes"; readonly directory: string; readonly changes: readonly SnapshotChange[] };

const TYPES: Readonly<Partial<Record<FileType, TarEntryType>>> = {
  file: "file",
  directory: "directory",
  symlink: "symlink",
  character: "charDevice",
  block: "blockDevice",
  fifo: "fifo",
};

/** Attributes that say something about this machine and not about the file. */
const MACHINE_XATTRS = new Set(["security.selinux", "system.nfs4_acl"]);

/**
 * The blocks of a tar of `source`: members in the order of their paths, so that equal trees give equal tars. Sockets are
 * left out, as they mean nothing elsewhere. A file that changes while it is read is cut or filled with zeros to
 * the size it had first. Each block is only valid until the next one is asked for. Runs on this thread.
 */
export function* tarTree(source: TarSource): Generator<Buffer> {
  const firstNames = new Map<string, string>();
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  for (const item of itemsOf(source)) {
    if ("whiteout" in item) {
      yield encodeEntry(emptyFile(item.whiteout));
      continue;
    }
    const entry = describe(item, firstNames);
    if (!entry) continue;
    yield encodeEntry(entry);
    if (entry.type === "file") yield* contentsOf(item.node, entry.sizeBytes, buffer);
  }
  yield END_OF_ARCHIVE;
}

type Item = TreeEntry | { readonly whiteout: string };

function* itemsOf(source: TarSource): Generator<Item> {
  if (source.kind === "tree") yield* walkTree(source.directory);
  else if (source.kind === "node") yield* walkNode(source);
  else if (source.kind === "overlayUpper") {
    if (source.withRoot) yield* rootItem(source.directory);
    yield* overlayItems(source.directory, source.leaveOut ?? []);
  } else yield* changedItems(source.directory, source.changes);
}

function* rootItem(directory: string): Generator<Item> {
  using node = openFd(directory, O_PATH | constants.O_DIRECTORY);
  yield { path: "", name: "", node, stat: statFd(node.fd) };
}

function* overlayItems(directory: string, leaveOut: readonly SnapshotChange[]): Generator<Item> {
  const unwanted = new Set(leaveOut.map(({ path }) => byteString(path.slice(1))));
  for (const entry of walkTree(directory)) {
    if (isWhiteout(entry.stat)) {
      yield { whiteout: whiteoutPath(entry.path) };
      continue;
    }
    if (isOpaqueFile(entry.name) || unwanted.has(entry.path)) continue;
    yield entry;
    if (entry.stat.type === "directory" && isOpaque(entry.node)) {
      yield { whiteout: joinEntryPath(entry.path, OPAQUE_WHITEOUT) };
    }
  }
}

function* changedItems(directory: string, changes: readonly SnapshotChange[]): Generator<Item> {
  const wanted = new Set<string>();
  for (const { path, kind } of changes) {
    const relative = byteString(path.slice(1));
    if (kind === "deleted") yield { whiteout: whiteoutPath(relative) };
    else wanted.add(relative);
  }
  for (const entry of walkTree(directory)) if (wanted.has(entry.path)) yield entry;
}

function whiteoutPath(path: string): string {
  const { parent, name } = parseEntryPath(path);
  return joinEntryPath(parent, whiteoutOf(name));
}

function emptyFile(name: string): TarEntry {
  return {
    type: "file",
    name,
    linkName: "",
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    sizeBytes: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
  };
}

function describe({ path, node, stat }: TreeEntry, firstNames: Map<string, string>): TarEntry | undefined {
  const type = TYPES[stat.type];
  if (!type) return undefined;
  const first = firstNameOf(path, stat, firstNames);
  const nanoseconds = ((stat.modifyNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return {
    type: first === undefined ? type : "hardlink",
    name: type === "directory" ? `${path}/` : path,
    linkName: first ?? (type === "symlink" ? readLink(node) : ""),
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    mtimeSeconds: Number((stat.modifyNs - nanoseconds) / 1_000_000_000n),
    mtimeNanoseconds: Number(nanoseconds),
    sizeBytes: type === "file" && first === undefined ? stat.sizeBytes : 0,
    deviceMajor: stat.deviceMajor,
    deviceMinor: stat.deviceMinor,
    xattrs: first === undefined ? readXattrs(node) : new Map(),
  };
}

/** The name under which the same file is in the archive already. */
function firstNameOf(path: string, stat: FileStat, firstNames: Map<string, string>): string | undefined {
  if (stat.links < 2 || stat.type === "directory") return undefined;
  const identity = `${stat.device}:${stat.inode}`;
  const first = firstNames.get(identity);
  if (first === undefined) firstNames.set(identity, path);
  return first;
}

function readLink(node: OwnedFd): string {
  const target = Buffer.alloc(4096);
  const length = check("readlinkat", libc.readlinkat(node.fd, "", target, target.byteLength));
  return byteString(target.subarray(0, length));
}

function readXattrs(node: OwnedFd): Map<string, string> {
  const xattrs = new Map<string, string>();
  for (const name of listXattrs(node)) {
    if (isOverlayXattr(name) || MACHINE_XATTRS.has(name)) continue;
    const value = getXattr(node, name);
    if (value) xattrs.set(byteString(name), byteString(value));
  }
  return xattrs;
}

function* contentsOf(node: OwnedFd, sizeBytes: number, buffer: Buffer): Generator<Buffer> {
  using file = openFd(node.procPath, constants.O_RDONLY);
  let left = sizeBytes;
  while (left > 0) {
    const length = readFd(file.fd, buffer.subarray(0, Math.min(left, buffer.byteLength)));
    if (length === 0) break;
    left -= length;
    yield buffer.subarray(0, length);
  }
  for (; left > 0; left -= Math.min(left, buffer.byteLength)) {
    yield buffer.fill(0).subarray(0, Math.min(left, buffer.byteLength));
  }
  yield paddingOf(sizeBytes);
}
