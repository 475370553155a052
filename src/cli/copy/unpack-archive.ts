import { createWriteStream } from "node:fs";
import { chmod, link, lstat, lutimes, mkdir, rm, symlink, utimes } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";

/** Where an entry goes: a path relative to the target's folder; undefined leaves it out. */
export type Place = (name: string) => string | undefined;

/**
 * Unpacks an archive that a container made, which may be hostile, below `root`: no entry leaves it, neither by its name
 * nor through a link that another entry made. Owners are not kept; modes and times are.
 */
export async function unpackArchive(archive: Readable, root: string, place: Place): Promise<void> {
  const unpacker = new Unpacker(root, place);
  const entries = extract();
  const fed = pipeline(archive, entries);
  // The loop below ends with the same error.
  fed.catch(() => {});
  for await (const entry of entries) {
    // The package's streams are not node's own, which a pipeline to a file wants.
    await unpacker.add(entry.header, Readable.from(entry));
    entry.resume();
  }
  await fed;
  await unpacker.finish();
}

class Unpacker {
  readonly #root: string;
  readonly #place: Place;
  /** Folders whose times and modes are set last, since what is put in them changes the times. */
  readonly #folders: Array<{ path: string; header: Header }> = [];

  constructor(root: string, place: Place) {
    this.#root = root;
    this.#place = place;
  }

  async add(header: Header, content: Readable): Promise<void> {
    const relative = this.#place(header.name);
    if (relative === undefined) return;
    const path = await this.#safePath(relative);
    if (header.type === "directory") return await this.#folder(path, header);
    await this.#clear(path);
    if (header.type === "symlink") {
      await symlink(header.linkname!, path);
      await lutimes(path, header.mtime!, header.mtime!);
    } else if (header.type === "link") await this.#hardLink(path, header);
    else if (header.type === "file" || header.type === "contiguous-file")
      await this.#file(path, header, content);
    else throw new Error(`cannot copy ${JSON.stringify(header.name)}: a ${header.type} cannot be made here`);
  }

  async finish(): Promise<void> {
    for (const { path, header } of this.#folders.reverse()) {
      await chmod(path, header.mode! & 0o7777);
      await utimes(path, header.mtime!, header.mtime!);
    }
  }

  async #folder(path: string, header: Header): Promise<void> {
    const found = await lstat(path).catch(() => undefined);
    if (found && !found.isDirectory())
      throw new Error(
        `cannot overwrite non-directory ${JSON.stringify(path)} with directory ${JSON.stringify(header.name)}`,
      );
    if (!found) await mkdir(path, { mode: 0o700 });
    this.#folders.push({ path, header });
  }

  async #file(path: string, header: Header, content: Readable): Promise<void> {
    await pipeline(content, createWriteStream(path, { flags: "wx", mode: 0o600 }));
    await chmod(path, header.mode! & 0o7777);
    await utimes(path, header.mtime!, header.mtime!);
  }

  async #hardLink(path: string, header: Header): Promise<void> {
    const target = this.#place(header.linkname!);
    if (target === undefined)
      throw new Error(
        `invalid hardlink ${JSON.stringify(header.name)} -> ${JSON.stringify(header.linkname)}`,
      );
    await link(await this.#safePath(target), path);
  }

  async #clear(path: string): Promise<void> {
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory())
      throw new Error(`cannot overwrite directory ${JSON.stringify(path)} with non-directory`);
    if (found) await rm(path);
  }

  /** The path of an entry, after every folder above it below the root was found to be one, and no link to elsewhere. */
  async #safePath(relative: string): Promise<string> {
    const names = relative.split("/").filter((name) => name !== "" && name !== ".");
    if (names.includes("..")) throw new Error(`invalid path in archive: ${JSON.stringify(relative)}`);
    let folder = this.#root;
    for (const name of names.slice(0, -1)) {
      folder = join(folder, name);
      const found = await lstat(folder).catch(() => undefined);
      if (!found) await mkdir(folder, { mode: 0o755 });
      else if (!found.isDirectory())
        throw new Error(`invalid path in archive: ${JSON.stringify(relative)} leads through a link`);
    }
    const path = join(this.#root, ...names);
    const inside = path === this.#root || dirname(path) === folder || path.startsWith(this.#root + sep);
    if (!inside) throw new Error(`invalid path in archive: ${JSON.stringify(relative)}`);
    return path;
  }
}
