import { readdirSync } from "node:fs";
import { invalidArgument } from "../../base/errors.ts";
import { toNative } from "../../os/linux/file-path.ts";
import * as libc from "../../os/linux/libc.ts";
import { RootDir } from "../../os/linux/root-dir.ts";
import { statFd } from "../../os/linux/stat.ts";
import { isErrno } from "../../os/linux/syscall-error.ts";
import { setXattr } from "../../os/linux/xattr.ts";
import { byteString } from "../../spec/tar/mod.ts";
import { parseEntryPath, quote, toFilePath } from "./entry-path.ts";
import { lowerDirectory, makeLike } from "./lower-directory.ts";

const MAX_OPEN = 64;

/** An open directory inside the root. Valid until another one is asked for `MAX_OPEN` times. */
export class OpenDirectory {
  /** Byte string, empty for the root. */
  readonly path: string;
  readonly root: RootDir;
  /** Files made in it get its group, whoever makes them. */
  readonly inheritsGroup: boolean;

  constructor(path: string, root: RootDir) {
    this.path = path;
    this.root = root;
    this.inheritsGroup = (statFd(root.fd).mode & 0o2000) !== 0;
  }

  get fd(): number {
    return this.root.fd;
  }

  setXattr(name: string, value: Uint8Array): void {
    setXattr(this.root, name, value);
  }

  /** Names in it, as byte strings. */
  list(): string[] {
    return readdirSync(`/proc/self/fd/${this.fd}`, { encoding: "buffer" }).map((name) => byteString(name));
  }
}

/**
 * Directories below a root, opened once for all the entries that an archive has in them. Resolved by the kernel inside
 * the root. Missing ones are made with owner, mode and attributes of the same directory in the `parents` (the trees of
 * lower layers, uppermost first), since in an overlay they cover it.
 */
export class OpenDirectories implements Disposable {
  readonly #root: OpenDirectory;
  readonly #parents: readonly string[];
  readonly #made = new Set<string>();
  /** In the order of use, oldest first. */
  readonly #open = new Map<string, OpenDirectory>();

  constructor(root: string, parents: readonly string[]) {
    this.#root = new OpenDirectory("", RootDir.open(root));
    this.#parents = parents;
  }

  /** Paths of directories that were missing and made. */
  get made(): ReadonlySet<string> {
    return this.#made;
  }

  /** The directory at `path` (clean, a byte string), made where it is missing. Errors: invalidArgument where a part is no directory. */
  get(path: string): OpenDirectory {
    return this.find(path) ?? this.#make(path);
  }

  /** The directory at `path`, undefined where there is none. */
  find(path: string): OpenDirectory | undefined {
    if (path === "") return this.#root;
    const known = this.#open.get(path);
    if (known) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    try {
      return this.#keep(new OpenDirectory(path, this.#root.root.openRoot(toFilePath(path))));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined;
      if (isErrno(error, "ENOTDIR", "ELOOP"))
        throw invalidArgument(`${quote(path)} is not a directory`, { cause: error });
      throw error;
    }
  }

  /** Forgets everything but the root and `kept`: a directory was replaced, and links may lead there by any path. */
  forgetAllBut(kept?: OpenDirectory): void {
    for (const directory of this.#open.values()) if (directory !== kept) directory.root.close();
    this.#open.clear();
    if (kept && kept !== this.#root) this.#open.set(kept.path, kept);
  }

  [Symbol.dispose](): void {
    this.forgetAllBut();
    this.#root.root.close();
  }

  #make(path: string): OpenDirectory {
    const { parent, name } = parseEntryPath(path);
    const above = this.get(parent);
    const native = toNative(toFilePath(name));
    if (libc.mkdirat(above.fd, native, 0o755) === -1) {
      // Something that leads nowhere (a dangling link, a whiteout) is in the way.
      throw invalidArgument(`${quote(path)} is not a directory`);
    }
    const made = this.find(path)!;
    this.#made.add(path);
    this.#copyFromLower(made, path);
    return made;
  }

  #copyFromLower(made: OpenDirectory, path: string): void {
    const lower = lowerDirectory(this.#parents, path);
    if (lower) makeLike(made.root, lower, path);
  }

  #keep(directory: OpenDirectory): OpenDirectory {
    this.#open.set(directory.path, directory);
    if (this.#open.size > MAX_OPEN) {
      const [oldest, { root }] = this.#open.entries().next().value!;
      root.close();
      this.#open.delete(oldest);
    }
    return directory;
  }
}
