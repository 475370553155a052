import { invalidArgument } from "../../base/errors.ts";
import type { NativeString } from "../ffi/native.ts";

/**
 * A path or name of a file. Linux names are bytes: text stands for its UTF-8 form, and names that are no valid UTF-8
 * are bytes (without a closing NUL).
 */
export type FilePath = string | Buffer;

const DECODER = new TextDecoder("utf-8", { fatal: true });

/** The path as text for messages; bytes that are no UTF-8 are replaced. */
export function showPath(path: FilePath): string {
  return typeof path === "string" ? path : path.toString("utf8");
}

/** The path as a C string. Errors: invalidArgument where it contains a NUL, behind which C would not look. */
export function toNative(path: FilePath): NativeString {
  const hasNul = typeof path === "string" ? path.includes("\0") : path.includes(0);
  if (hasNul) throw invalidArgument(`invalid path ${JSON.stringify(showPath(path))}: it contains a NUL`);
  return typeof path === "string" ? path : Buffer.concat([path, Buffer.of(0)]);
}

/** The shortest form of a name that the kernel returned: text where it is UTF-8. */
export function fromBytes(name: Buffer): FilePath {
  try {
    return DECODER.decode(name);
  } catch {
    // Not UTF-8: such a name can only be handled as bytes.
    return name;
  }
}

/** One byte a character, so that one set of string operations serves both kinds of paths. */
function toBinary(path: FilePath): string {
  return (typeof path === "string" ? Buffer.from(path, "utf8") : path).toString("latin1");
}

function fromBinary(path: string): FilePath {
  return fromBytes(Buffer.from(path, "latin1"));
}

/** The entry `name` of the directory `directory`. */
export function joinPath(directory: FilePath, name: FilePath): FilePath {
  if (typeof directory === "string" && typeof name === "string") return `${directory}/${name}`;
  return fromBinary(`${toBinary(directory)}/${toBinary(name)}`);
}

/** A path's directory and last component; the component is empty for the root itself. */
export function splitPath(path: FilePath): { readonly directory: FilePath; readonly name: FilePath } {
  if (typeof path === "string") return splitText(path);
  const { directory, name } = splitText(toBinary(path));
  return { directory: fromBinary(directory), name: fromBinary(name) };
}

function splitText(path: string): { readonly directory: string; readonly name: string } {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  const slash = path.lastIndexOf("/", end - 1);
  if (end === 0) return { directory: "", name: "" };
  return { directory: path.slice(0, slash + 1), name: path.slice(slash + 1, end) };
}

/** The components of a path that are not empty. */
export function pathComponents(path: FilePath): FilePath[] {
  if (typeof path === "string") return path.split("/").filter((part) => part !== "");
  return toBinary(path)
    .split("/")
    .filter((part) => part !== "")
    .map(fromBinary);
}
