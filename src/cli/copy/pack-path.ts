import { createReadStream } from "node:fs";
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Header, type Pack, pack } from "tar-stream";

type EntryHeader = Partial<Header> & { readonly name: string };

export interface PackOptions {
  /** Name of the path itself in the archive; the names below it follow. */
  readonly rename: string;
  /** Packs what a link points to in place of the link itself, for the path and not below it. */
  readonly followLink: boolean;
}

/** A path of this machine with all below it as a tar, read while it is consumed. A failure ends the stream with it. */
export function packPath(path: string, options: PackOptions): Readable {
  const archive = pack();
  const links = new Map<string, string>();
  addEntry(archive, links, path, options.rename, options.followLink).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  // The package's streams are not node's own, which an HTTP request wants.
  return Readable.from(archive);
}

async function addEntry(
  archive: Pack,
  links: Map<string, string>,
  path: string,
  name: string,
  follow: boolean,
): Promise<void> {
  const info = await (follow ? stat(path) : lstat(path));
  const header: EntryHeader = {
    name,
    mode: info.mode & 0o7777,
    mtime: info.mtime,
    uid: info.uid,
    gid: info.gid,
    size: 0,
  };
  if (info.isDirectory()) {
    await addHeader(archive, { ...header, name: `${name}/`, type: "directory" });
    for (const child of (await readdir(path)).sort())
      await addEntry(archive, links, join(path, child), `${name}/${child}`, false);
  } else if (info.isSymbolicLink()) {
    await addHeader(archive, { ...header, type: "symlink", linkname: await readlink(path) });
  } else if (info.isFile()) {
    const inode = `${info.dev}:${info.ino}`;
    const first = info.nlink > 1 ? links.get(inode) : undefined;
    if (first !== undefined) return await addHeader(archive, { ...header, type: "link", linkname: first });
    if (info.nlink > 1) links.set(inode, name);
    await pipeline(
      createReadStream(path, { end: Math.max(0, info.size - 1) }),
      archive.entry({ ...header, type: "file", size: info.size }),
    );
  } else if (info.isFIFO()) {
    await addHeader(archive, { ...header, type: "fifo" });
  } else if (info.isBlockDevice() || info.isCharacterDevice()) {
    const type = info.isBlockDevice() ? "block-device" : "character-device";
    await addHeader(archive, { ...header, type, devmajor: major(info.rdev), devminor: minor(info.rdev) });
  }
  // Sockets mean nothing outside their machine, and tar has no form for them.
}

function addHeader(archive: Pack, header: EntryHeader): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, "", (error) => (error ? reject(error) : resolve()));
  });
}

/** Source: glibc `makedev(3)`. */
function major(device: number): number {
  return Number((BigInt(device) >> 8n) & 0xfffn);
}

function minor(device: number): number {
  return Number((BigInt(device) & 0xffn) | ((BigInt(device) >> 12n) & 0xfff00n));
}

/** The last name of a path, `.` and slashes at its end left out. */
export function lastName(path: string): string {
  return basename(path.replace(/(\/\.?)+$/, "")) || "/";
}
