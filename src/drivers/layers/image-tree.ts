import { invalidArgument } from "../../base/errors.ts";
import { S_IF } from "../../os/linux/stat.ts";
import type { ErofsContent, ErofsNode } from "../../spec/erofs/mod.ts";
import { bytesOf, type TarEntry } from "../../spec/tar/mod.ts";
import { canHave } from "./apply-metadata.ts";
import { checkLinkTarget, joinEntryPath, parseEntryPath, parseWhiteout, quote } from "./entry-path.ts";
import { type LowerDirectory, lowerDirectory } from "./lower-directory.ts";
import { LowerLayers } from "./lower-layers.ts";
import { isOverlayXattr, OPAQUE_XATTR } from "./overlay-marks.ts";

/** Symbolic links that the kernel follows in one path. Source: path_resolution(7). */
const MAX_LINKS = 40;

type DirectoryNode = ErofsNode & { readonly content: Extract<ErofsContent, { kind: "directory" }> };

/**
 * The tree of a layer that becomes an image, with the whiteouts of an overlay. Members mean the same as to `LayerWriter`:
 * links in the layer are followed inside the root, what is in the way is replaced, directories are merged.
 * Errors: invalidArgument for a hostile or broken layer.
 */
export class ImageTree {
  readonly root: ErofsNode;
  readonly #parents: readonly string[];
  readonly #implied = new Set<string>();

  /** `parents`: trees of lower layers, uppermost first, which missing directories are like. */
  constructor(parents: readonly string[]) {
    this.#parents = parents;
    this.root = this.#missingDirectory("");
  }

  /** Adds a member of the layer with its contents; those of hard links, directories and whiteouts do not count. */
  add(entry: TarEntry, content: ErofsContent): void {
    const { parent, name } = parseEntryPath(entry.name);
    if (name === "") {
      // The root exists already; only what it is like can be said.
      if (entry.type !== "directory") return;
      describe(this.root, entry);
      this.#implied.delete("");
      return;
    }
    const whiteout = parseWhiteout(name);
    const directory = this.#directory(parent);
    const { entries } = directory.content;
    if (whiteout?.kind === "opaque") hideAll(directory);
    else if (whiteout?.kind === "file" && !entries.has(whiteout.name))
      entries.set(whiteout.name, whiteoutNode());
    else if (!whiteout && entry.type === "directory") {
      addDirectory(entries, name, entry);
      this.#implied.delete(joinEntryPath(parent, name));
    } else if (!whiteout && entry.type === "hardlink") this.#addHardLink(directory, name, entry);
    else if (!whiteout) entries.set(name, nodeOf(entry, content));
  }

  /** Directories whose look the layers below decide, the root too where it hides them, as byte strings. */
  get implied(): readonly string[] {
    const root = this.root.xattrs.has(OPAQUE_XATTR) ? [""] : [];
    return [...new Set([...root, ...this.#implied])];
  }

  /** All members are there. */
  finish(): void {
    if (this.root.xattrs.has(OPAQUE_XATTR)) this.#hideLowerRoot();
  }

  /** An overlay takes no mark on its root: what lower layers have there is hidden piece by piece. */
  #hideLowerRoot(): void {
    const { entries } = (this.root as DirectoryNode).content;
    using lower = new LowerLayers(this.#parents);
    for (const name of lower.list("")) {
      const own = entries.get(name);
      if (!own) entries.set(name, whiteoutNode());
      else if (own.content.kind === "directory") hideAll(own);
    }
  }

  #addHardLink(directory: DirectoryNode, name: string, entry: TarEntry): void {
    // What is in the way goes first, with all in it.
    directory.content.entries.delete(name);
    const node = this.#linkedNode(entry.linkName);
    if (!node) throw invalidArgument(`invalid hardlink ${quote(entry.name)} -> ${quote(entry.linkName)}`);
    directory.content.entries.set(name, node);
  }

  /** The file of the layer that a hard link means; undefined where it can mean none. */
  #linkedNode(linkName: string): ErofsNode | undefined {
    try {
      const target = parseEntryPath(linkName);
      const node = this.#find(target.parent)?.content.entries.get(target.name);
      return node?.content.kind === "directory" ? undefined : node;
    } catch {
      // It leads out, or through what is no directory: either way to no file of the layer.
      return undefined;
    }
  }

  /** The directory at a clean path, made where it is missing. */
  #directory(path: string): DirectoryNode {
    const found = this.#find(path);
    if (found) return found;
    const { parent, name } = parseEntryPath(path);
    const above = this.#directory(parent);
    // Something that leads nowhere (a dangling link, a whiteout) is in the way.
    if (above.content.entries.has(name)) throw notADirectory(path);
    const made = this.#missingDirectory(path);
    above.content.entries.set(name, made);
    return made;
  }

  /** The directory at a clean path, links followed inside the root; undefined where there is none. */
  #find(path: string): DirectoryNode | undefined {
    let stack: DirectoryNode[] = [this.root as DirectoryNode];
    let links = 0;
    const rest = path === "" ? [] : path.split("/").reverse();
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (stack.length > 1) stack.pop();
        continue;
      }
      const next = stack.at(-1)!.content.entries.get(part);
      if (!next) return undefined;
      if (next.content.kind === "directory") {
        stack.push(next as DirectoryNode);
      } else if (next.content.kind === "bytes") {
        if (++links > MAX_LINKS) throw notADirectory(path);
        const target = next.content.bytes.toString("latin1");
        if (target.startsWith("/")) stack = [this.root as DirectoryNode];
        rest.push(...target.split("/").reverse());
      } else {
        throw notADirectory(path);
      }
    }
    return stack.at(-1)!;
  }

  #missingDirectory(path: string): DirectoryNode {
    this.#implied.add(path);
    const lower: LowerDirectory = lowerDirectory(this.#parents, path) ?? {
      uid: 0,
      gid: 0,
      mode: 0o755,
      xattrs: new Map(),
    };
    return {
      mode: S_IF.directory | lower.mode,
      uid: lower.uid,
      gid: lower.gid,
      mtimeSeconds: Math.floor(Date.now() / 1000),
      mtimeNanoseconds: 0,
      xattrs: lower.xattrs,
      content: { kind: "directory", entries: new Map() },
    };
  }
}

function addDirectory(entries: Map<string, ErofsNode>, name: string, entry: TarEntry): void {
  const existing = entries.get(name);
  if (existing?.content.kind === "directory") {
    describe(existing, entry);
    return;
  }
  const made = nodeOf(entry, { kind: "directory", entries: new Map() });
  // The whiteout that stood here hid a lower directory, which would shine through the new one.
  if (existing && isWhiteoutNode(existing)) hideAll(made);
  entries.set(name, made);
}

function hideAll(directory: ErofsNode): void {
  directory.xattrs = new Map([...directory.xattrs, [OPAQUE_XATTR, "y"]]);
}

function whiteoutNode(): ErofsNode {
  return {
    mode: S_IF.character,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    xattrs: new Map(),
    content: { kind: "device", major: 0, minor: 0 },
  };
}

function isWhiteoutNode({ mode, content }: ErofsNode): boolean {
  const isCharacter = (mode & S_IF.mask) === S_IF.character;
  return isCharacter && content.kind === "device" && content.major === 0 && content.minor === 0;
}

const TYPE_BITS = {
  file: S_IF.file,
  hardlink: S_IF.file,
  directory: S_IF.directory,
  symlink: S_IF.symlink,
  charDevice: S_IF.character,
  blockDevice: S_IF.block,
  fifo: S_IF.fifo,
} as const;

function nodeOf(entry: TarEntry, content: ErofsContent): ErofsNode {
  const node: ErofsNode = {
    mode: 0,
    uid: 0,
    gid: 0,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    xattrs: new Map(),
    content,
  };
  describe(node, entry);
  return node;
}

/** Gives a node what a member says of it. A directory keeps that it hides lower ones. */
function describe(node: ErofsNode, entry: TarEntry): void {
  const mode = entry.type === "symlink" ? 0o777 : entry.mode;
  const isOpaque = node.xattrs.has(OPAQUE_XATTR);
  node.mode = TYPE_BITS[entry.type] | mode;
  node.uid = entry.uid;
  node.gid = entry.gid;
  node.mtimeSeconds = entry.mtimeSeconds;
  node.mtimeNanoseconds = entry.mtimeNanoseconds;
  node.xattrs = new Map([...entry.xattrs].filter(([name]) => !isOverlayXattr(name) && canHave(entry, name)));
  if (isOpaque) hideAll(node);
}

/** What is stored of a member that is no file. Errors: invalidArgument. */
export function contentOf(entry: TarEntry): ErofsContent {
  switch (entry.type) {
    case "symlink": {
      checkLinkTarget(entry.name, entry.linkName);
      return { kind: "bytes", bytes: bytesOf(entry.linkName) };
    }
    case "charDevice":
    case "blockDevice":
      return { kind: "device", major: entry.deviceMajor, minor: entry.deviceMinor };
    default:
      return { kind: "none" };
  }
}

function notADirectory(path: string): Error {
  return invalidArgument(`${quote(path)} is not a directory`);
}
