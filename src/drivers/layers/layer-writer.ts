import { constants } from "node:fs";
import { invalidArgument } from "../../base/errors.ts";
import type { TreeTarget } from "../../core/snapshots/snapshotter.ts";
import type { OwnedFd } from "../../os/linux/fd.ts";
import { toNative } from "../../os/linux/file-path.ts";
import * as libc from "../../os/linux/libc.ts";
import { openAt2, RESOLVE } from "../../os/linux/openat2.ts";
import { type FileStat, makeDevice, S_IF, statEntry } from "../../os/linux/stat.ts";
import { check, isErrno } from "../../os/linux/syscall-error.ts";
import { type TarEntry, textOf } from "../../spec/tar/mod.ts";
import { applyFileMetadata, applyNodeMetadata } from "./apply-metadata.ts";
import {
  checkLinkTarget,
  joinEntryPath,
  parseEntryPath,
  parseWhiteout,
  quote,
  toFilePath,
} from "./entry-path.ts";
import { hideLowerRoot } from "./hide-lower-root.ts";
import type { LayerSink } from "./layer-sink.ts";
import { OpenDirectories, type OpenDirectory } from "./open-directories.ts";
import { isWhiteout, OPAQUE_XATTR } from "./overlay-marks.ts";
import { removeEntry } from "./remove-entry.ts";
import { writeAll } from "./write-all.ts";
import { writeWithHoles } from "./write-with-holes.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const CREATE = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW;
const MAX_ENTRIES = 10_000_000;

export interface LayerLimits {
  /** Members that are accepted before the layer is refused. */
  readonly maxEntries?: number;
  /** Size of the tar that is accepted however small the layer came. */
  readonly unquestionedBytes?: number;
  /** Names of whiteouts are names of files: the tar is no layer. */
  readonly whiteoutsAreFiles?: boolean;
  /** Blocks of zeros become holes of files. */
  readonly zerosAreHoles?: boolean;
}

interface OpenFile {
  readonly handle: OwnedFd;
  readonly entry: TarEntry;
  readonly directory: OpenDirectory;
  endBytes: number;
}

/**
 * Writes the members of a layer into a directory as they come. Every path is resolved inside the root by the kernel,
 * and every entry is then reached by one name below an open directory, so no link leads outside.
 *
 * Runs on the calling thread: made for worker threads. `close` gives its descriptors back, `finish` sets the times of
 * directories before. Errors: invalidArgument for a hostile or broken layer; SyscallError.
 */
export class LayerWriter implements LayerSink {
  readonly #target: TreeTarget;
  readonly #directories: OpenDirectories;
  readonly #limits: Required<Omit<LayerLimits, "unquestionedBytes">>;
  /** Directories with the metadata they are to have once everything in them is there. */
  readonly #finalDirectories = new Map<string, TarEntry>();
  /** What this layer made, by path: whiteouts only remove what is older. Kept only where whiteouts remove at once. */
  readonly #made = new Set<string>();
  #file: OpenFile | undefined;
  #hidesRoot = false;
  #entries = 0;

  constructor(target: TreeTarget, limits: LayerLimits = {}) {
    this.#target = target;
    this.#limits = {
      maxEntries: limits.maxEntries ?? MAX_ENTRIES,
      whiteoutsAreFiles: limits.whiteoutsAreFiles ?? false,
      zerosAreHoles: limits.zerosAreHoles ?? false,
    };
    this.#directories = new OpenDirectories(target.directory, target.parents ?? []);
  }

  /** Members that were read so far. */
  get entries(): number {
    return this.#entries;
  }

  get implied(): readonly string[] {
    if (this.#target.whiteouts === "direct" || (this.#target.parents ?? []).length > 0) return [];
    return ["", ...this.#directories.made].filter((path) => !this.#finalDirectories.has(path));
  }

  entry(entry: TarEntry): void {
    if (++this.#entries > this.#limits.maxEntries) {
      throw invalidArgument(`the layer has more than ${this.#limits.maxEntries} entries`);
    }
    const { parent, name } = parseEntryPath(entry.name);
    if (name === "") {
      // The root exists already; only what it is like can be said.
      if (entry.type === "directory") this.#finalDirectories.set("", entry);
      return;
    }
    const whiteout = this.#limits.whiteoutsAreFiles ? undefined : parseWhiteout(name);
    const directory = this.#directories.get(parent);
    if (!whiteout) this.#create(entry, directory, name);
    else if (whiteout.kind === "opaque") this.#hideAll(directory);
    else if (whiteout.kind === "file") this.#hide(directory, whiteout.name);
  }

  data(bytes: Buffer, offsetBytes: number): void {
    const file = this.#file;
    // Contents of a member that is no file on disk: a whiteout's, in practice always empty.
    if (!file) return;
    if (this.#limits.zerosAreHoles) {
      const endBytes = writeWithHoles(file.handle.fd, bytes, offsetBytes);
      if (endBytes > offsetBytes) file.endBytes = endBytes;
      return;
    }
    writeAll(file.handle.fd, bytes, offsetBytes);
    file.endBytes = offsetBytes + bytes.length;
  }

  end(): void {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    using handle = file.handle;
    applyFileMetadata(handle.fd, file.entry, {
      hasHoleAtEnd: file.endBytes < file.entry.sizeBytes,
      inheritsGroup: file.directory.inheritsGroup,
    });
  }

  /** The archive has ended: directories get their modes and times. */
  finish(): void {
    if (this.#hidesRoot) hideLowerRoot(this.#target.directory, this.#target.parents ?? []);
    // Deepest first: changing what is in a directory changes its time.
    for (const [path, entry] of [...this.#finalDirectories].reverse()) {
      const { parent, name } = parseEntryPath(path);
      if (name === "") applyNodeMetadata(this.#directories.get("").fd, ".", entry);
      else this.#finishDirectory(this.#directories.get(parent), name, entry);
    }
  }

  [Symbol.dispose](): void {
    this.#file?.handle.close();
    this.#directories[Symbol.dispose]();
  }

  #finishDirectory(directory: OpenDirectory, name: string, entry: TarEntry): void {
    // A later member may have put something else there.
    if (statOf(directory, name)?.type === "directory")
      applyNodeMetadata(directory.fd, toFilePath(name), entry);
  }

  #create(entry: TarEntry, directory: OpenDirectory, name: string): void {
    const path = joinEntryPath(directory.path, name);
    if (this.#target.whiteouts === "direct") this.#remember(path);
    if (entry.type === "directory") {
      this.#makeDirectory(entry, directory, name, path);
      return;
    }
    if (entry.type === "file") {
      const handle = this.#replacing(directory, name, () => createFile(directory, name, entry.mode));
      this.#file = { handle, entry, directory, endBytes: 0 };
      return;
    }
    this.#replacing(directory, name, () => this.#makeNode(entry, directory, name));
    // A hard link is a second name of a file that has its metadata already.
    if (entry.type !== "hardlink") applyNodeMetadata(directory.fd, toFilePath(name), entry);
  }

  #makeDirectory(entry: TarEntry, directory: OpenDirectory, name: string, path: string): void {
    const native = toNative(toFilePath(name));
    const existing = statOf(directory, name);
    if (existing?.type !== "directory") {
      const hidesLower = existing !== undefined && isWhiteout(existing);
      if (existing) this.#remove(directory, name);
      check("mkdirat", libc.mkdirat(directory.fd, native, entry.mode), textOf(path));
      // The whiteout that stood here hid a lower directory, which would shine through the new one.
      if (hidesLower && this.#target.whiteouts === "overlay") this.#hideAll(this.#directories.get(path));
    }
    // Last one wins, and is applied last.
    this.#finalDirectories.delete(path);
    this.#finalDirectories.set(path, entry);
  }

  #makeNode(entry: TarEntry, directory: OpenDirectory, name: string): void {
    const native = toNative(toFilePath(name));
    switch (entry.type) {
      case "symlink":
        checkLinkTarget(entry.name, entry.linkName);
        check(
          "symlinkat",
          libc.symlinkat(toNative(toFilePath(entry.linkName)), directory.fd, native),
          textOf(name),
        );
        return;
      case "hardlink":
        this.#makeHardLink(entry, directory, name);
        return;
      default: {
        const type =
          entry.type === "charDevice"
            ? S_IF.character
            : entry.type === "blockDevice"
              ? S_IF.block
              : S_IF.fifo;
        const device = makeDevice(entry.deviceMajor, entry.deviceMinor);
        check("mknodat", libc.mknodat(directory.fd, native, type | entry.mode, device), textOf(name));
      }
    }
  }

  #makeHardLink(entry: TarEntry, directory: OpenDirectory, name: string): void {
    const problem = () => `invalid hardlink ${quote(entry.name)} -> ${quote(entry.linkName)}`;
    try {
      const existing = parseEntryPath(entry.linkName);
      const from = this.#directories.find(existing.parent);
      if (!from || existing.name === "") throw invalidArgument(problem());
      const names = [existing.name, name].map((each) => toNative(toFilePath(each)));
      check("linkat", libc.linkat(from.fd, names[0]!, directory.fd, names[1]!, 0), textOf(entry.name));
    } catch (error) {
      if (isErrno(error, "EEXIST")) throw error;
      throw invalidArgument(problem(), { cause: error });
    }
  }

  /** Runs `make`; where something is in the way, removes it and tries again. */
  #replacing<T>(directory: OpenDirectory, name: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      this.#remove(directory, name);
      return make();
    }
  }

  /** Removes an entry with all below it, and what is known of it. */
  #remove(directory: OpenDirectory, name: string): void {
    const path = joinEntryPath(directory.path, name);
    // Open directories below it, or reached through it where it is a link, would outlive it.
    this.#directories.forgetAllBut(directory);
    if (libc.unlinkat(directory.fd, toNative(toFilePath(name)), 0) !== -1) return;
    for (const known of this.#finalDirectories.keys()) {
      if (known === path || known.startsWith(`${path}/`)) this.#finalDirectories.delete(known);
    }
    removeEntry(directory.fd, name);
  }

  #hide(directory: OpenDirectory, name: string): void {
    if (this.#target.whiteouts === "direct") {
      if (!this.#made.has(joinEntryPath(directory.path, name))) this.#remove(directory, name);
      return;
    }
    const native = toNative(toFilePath(name));
    try {
      check("mknodat", libc.mknodat(directory.fd, native, S_IF.character, 0n), textOf(name));
    } catch (error) {
      // What is there was made by this layer, and a whiteout means lower layers only.
      if (!isErrno(error, "EEXIST")) throw error;
    }
  }

  #hideAll(directory: OpenDirectory): void {
    if (this.#target.whiteouts === "overlay") {
      if (directory.path === "") this.#hidesRoot = true;
      directory.setXattr(OPAQUE_XATTR, Buffer.from("y"));
      return;
    }
    this.#removeOlder(directory.path);
  }

  /** Removes all that the layer did not bring, also in directories that it did bring. */
  #removeOlder(path: string): void {
    for (const name of this.#directories.get(path).list()) {
      // Anew each time: removing a directory closes the others that are open.
      const directory = this.#directories.get(path);
      const at = joinEntryPath(path, name);
      if (!this.#made.has(at)) this.#remove(directory, name);
      else if (statOf(directory, name)?.type === "directory") this.#removeOlder(at);
    }
  }

  /** Notes a path and the directories above it, which an opaque whiteout must spare as well. */
  #remember(path: string): void {
    for (
      let rest = path;
      rest !== "" && !this.#made.has(rest);
      rest = rest.slice(0, Math.max(0, rest.lastIndexOf("/")))
    ) {
      this.#made.add(rest);
    }
  }
}

function createFile(directory: OpenDirectory, name: string, mode: number): OwnedFd {
  return openAt2(directory.fd, toFilePath(name), {
    flags: CREATE,
    // Set-id bits come when the owner is right.
    mode: mode & 0o777,
    resolve: RESOLVE.beneath | RESOLVE.noSymlinks,
  });
}

function statOf(directory: OpenDirectory, name: string): FileStat | undefined {
  try {
    return statEntry(directory.fd, toNative(toFilePath(name)), textOf(name));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
