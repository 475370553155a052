import { invalidArgument } from "../../base/errors.ts";
import type { FilePath } from "../../os/linux/file-path.ts";
import { bytesOf, textOf } from "../../spec/tar/mod.ts";

const WHITEOUT = ".wh.";
const WHITEOUT_META = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

/** The kernel's limits. Source: <linux/limits.h>. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4095;

/** Where a member of a layer belongs, as byte strings without slashes at their ends. Both are empty for the root itself. */
export interface EntryPath {
  readonly parent: string;
  readonly name: string;
}

/**
 * The place inside the root that a member's name means: absolute names start at the root, `.` and `..` are taken out.
 * Errors: invalidArgument for a name that climbs above the root, holds NUL, or is longer than a path may be.
 */
export function parseEntryPath(name: string): EntryPath {
  // Nearly every name is clean already; only the others are taken apart.
  const path = isClean(name) ? name : cleanPath(name);
  if (path.length > MAX_NAME_BYTES && !fits(path))
    throw invalidArgument(`${quote(name)}: file name too long`);
  const slash = path.lastIndexOf("/");
  return { parent: slash < 0 ? "" : path.slice(0, slash), name: path.slice(slash + 1) };
}

function fits(path: string): boolean {
  return path.length <= MAX_PATH_BYTES && path.split("/").every((part) => part.length <= MAX_NAME_BYTES);
}

function isClean(name: string): boolean {
  return name !== "" && !/^\/|\/$|\/\/|(^|\/)\.\.?(\/|$)|\0/.test(name);
}

function cleanPath(name: string): string {
  if (name.includes("\0")) throw invalidArgument(`invalid path ${quote(name)}: it contains a NUL`);
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw invalidArgument(`${quote(name)} is outside of "/"`);
  }
  return parts.join("/");
}

/** Errors: invalidArgument for a symbolic link to nothing, or to more than a path may be. */
export function checkLinkTarget(name: string, target: string): void {
  if (target.length === 0 || target.length > MAX_PATH_BYTES || target.includes("\0")) {
    throw invalidArgument(`invalid symlink ${quote(name)} -> ${quote(target)}`);
  }
}

export type Whiteout =
  | { readonly kind: "opaque" }
  | { readonly kind: "ignored" }
  | { readonly kind: "file"; readonly name: string };

/**
 * What a member's name removes; undefined for a name that removes nothing.
 * Errors: invalidArgument for a whiteout of no name, `.` or `..`.
 * Source: OCI image-spec v1.1, layer.md, "Whiteouts".
 */
export function parseWhiteout(name: string): Whiteout | undefined {
  if (!name.startsWith(WHITEOUT)) return undefined;
  if (name === OPAQUE) return { kind: "opaque" };
  // Left-overs of AUFS's own bookkeeping.
  if (name.startsWith(WHITEOUT_META)) return { kind: "ignored" };
  const removed = name.slice(WHITEOUT.length);
  if (removed === "" || removed === "." || removed === "..")
    throw invalidArgument(`invalid whiteout ${quote(name)}`);
  return { kind: "file", name: removed };
}

/** The name of the whiteout of `name`. */
export function whiteoutOf(name: string): string {
  return WHITEOUT + name;
}

/** The name of the member that hides everything that lower layers have in its directory. */
export const OPAQUE_WHITEOUT: string = OPAQUE;

/** A byte string as a path for system calls. */
export function toFilePath(path: string): FilePath {
  for (let index = 0; index < path.length; index++) if (path.charCodeAt(index) > 127) return bytesOf(path);
  return path;
}

/** A byte string in quotes, for messages. */
export function quote(text: string): string {
  return JSON.stringify(textOf(text));
}

export function joinEntryPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}
