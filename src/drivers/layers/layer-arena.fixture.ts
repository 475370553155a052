import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kindOf, messageOf } from "../../base/errors.ts";
import type { ApplyTarget } from "../../core/snapshots/snapshotter.ts";
import { MS, mountSync, unmount } from "../../os/linux/mount.ts";
import { getXattr, listXattrs } from "../../os/linux/xattr.ts";
import { byteString } from "../../spec/tar/mod.ts";
import { applyLayer } from "./apply-layer.ts";
import { isWhiteout } from "./overlay-marks.ts";
import { walkTree } from "./walk-tree.ts";

/** What came of unpacking a layer in one form. */
export interface Attempt {
  /** `kind: message`; undefined where the layer was taken. */
  readonly error: string | undefined;
  /** Name of the system error that was behind it. */
  readonly errno: string | undefined;
  /** The layer's files, a line each, where it was taken. */
  readonly tree: readonly string[];
}

/** Forms in which drivers keep layers. */
export const FORMS = ["overlay", "direct", "image"] as const;
export type Form = (typeof FORMS)[number];

const READ_BYTES = 64 * 1024;

/**
 * A piece of a host on which hostile layers are unpacked: roots for layers, and files around them that no layer may touch.
 * Needs root.
 */
export class LayerArena implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "gantry-arena-"));
  readonly #before: string;
  #rounds = 0;

  constructor() {
    for (const name of ["outside", "outside/deep", "roots"]) mkdirSync(join(this.path, name));
    for (const name of ["canary", "outside/secret", "outside/deep/file"])
      writeFileSync(join(this.path, name), name);
    this.#before = this.#surroundings();
  }

  /** A directory that no layer may get at. */
  get outside(): string {
    return join(this.path, "outside");
  }

  /** Whether everything around the roots is as it was. */
  get isUntouched(): boolean {
    return this.#surroundings() === this.#before;
  }

  /** Unpacks a layer in one form, on this thread, and looks at it; nothing of it stays. */
  async attempt(form: Form, layer: Uint8Array): Promise<Attempt> {
    const folder = join(this.path, "roots", String(this.#rounds++));
    const directory = join(folder, "root");
    mkdirSync(directory, { recursive: true });
    const imageFile = join(folder, "image");
    const target: ApplyTarget =
      form === "image" ? { imageFile, parents: [] } : { directory, whiteouts: form, parents: [] };
    try {
      await applyLayer(pieces(layer), target, { maxEntries: 10_000 });
      if (form !== "image") return { error: undefined, errno: undefined, tree: describeTree(directory) };
      mountSync({ source: imageFile, target: directory, fsType: "erofs", flags: MS.rdonly });
      return { error: undefined, errno: undefined, tree: describeTree(directory) };
    } catch (error) {
      return { error: `${kindOf(error)}: ${messageOf(error)}`, errno: errnoOf(error), tree: [] };
    } finally {
      await unmount(directory);
      rmSync(folder, { recursive: true });
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }

  #surroundings(): string {
    return describeTree(this.path)
      .filter((line) => !line.startsWith("roots"))
      .join("\n");
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 5000) yield bytes.slice(start, start + 5000);
}

function errnoOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if ("errno" in at && "code" in at) return String(at.code);
  return undefined;
}

/**
 * All that layers say of the files below `directory`, a line each, sorted. Times of directories and whiteouts are left out: those
 * that a layer needs but does not have are made when it is unpacked.
 */
function describeTree(directory: string): string[] {
  const names = new Map<bigint, string>();
  const lines: string[] = [];
  for (const { path, node, stat } of walkTree(directory)) {
    const first = names.get(stat.inode);
    if (stat.type !== "directory" && stat.links > 1) names.set(stat.inode, first ?? path);
    const fields: Array<string | number | bigint> = [stat.type, stat.mode.toString(8), stat.uid, stat.gid];
    if (stat.type !== "directory") fields.push(stat.links, isWhiteout(stat) ? 0 : stat.modifyNs);
    if (stat.type === "file") fields.push(stat.sizeBytes, digestOfStart(node.procPath));
    if (stat.type === "block" || stat.type === "character") fields.push(stat.deviceMajor, stat.deviceMinor);
    if (stat.type === "symlink")
      fields.push(byteString(readlinkSync(Buffer.from(`${join(directory)}/${path}`, "latin1"), "buffer")));
    for (const name of listXattrs(node).sort()) fields.push(name, getXattr(node, name)!.toString("hex"));
    if (first !== undefined) fields.push(`same as ${first}`);
    lines.push(`${path} ${fields.join(" ")}`);
  }
  return lines.sort();
}

/** Sparse files may be of any size. */
function digestOfStart(path: string): string {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(READ_BYTES);
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    return createHash("sha256").update(buffer.subarray(0, length)).digest("hex").slice(0, 16);
  } finally {
    closeSync(fd);
  }
}
