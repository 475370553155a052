import { posix } from "node:path";
import { showPath } from "../../../os/linux/file-path.ts";
import type { RootDir } from "../../../os/linux/root-dir.ts";

/** Symbolic links that are followed in one path. Source: path_resolution(7). */
const MAX_LINKS = 40;

/** Last element of a path as Go's `filepath.Base` has it: `.` for nothing, `/` for the root. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  if (trimmed === "") return path === "" ? "." : "/";
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

function cleanAbsolute(path: string): string {
  const clean = posix.normalize(`/${path}`);
  return clean.length > 1 ? clean.replace(/\/$/, "") : clean;
}

/** `clean` with the `/` or `/.` that `original` ends in: it says that a directory is meant, not a link to it. */
function keepEnding(clean: string, original: string): string {
  const kept =
    baseName(original) === "." && baseName(clean) !== "." ? `${clean.replace(/\/$/, "")}/.` : clean;
  return original.endsWith("/") && !kept.endsWith("/") ? `${kept}/` : kept;
}

/** A path as a client gave it, absolute and clean but for an ending that means something. */
export function containerPath(path: string): string {
  return keepEnding(cleanAbsolute(path), path);
}

/** `path` of a container with all links followed, and the ending of `original` kept. */
export function resolvedPath(root: RootDir, original: string): string {
  return keepEnding(followLinks(root, original), original);
}

/**
 * Where `path` leads inside the root, all symbolic links followed; what is not there is taken as it is written. For
 * showing and comparing: whoever opens the result has it resolved again by the kernel.
 */
export function followLinks(root: RootDir, path: string): string {
  const todo = path.split("/").reverse();
  let done = "";
  let links = 0;
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done = done.slice(0, Math.max(0, done.lastIndexOf("/")));
      continue;
    }
    const next = `${done}/${part}`;
    if (root.statIfExists(next)?.type !== "symlink" || ++links > MAX_LINKS) {
      done = next;
      continue;
    }
    const target = showPath(root.readlink(next));
    if (target.startsWith("/")) done = "";
    todo.push(...target.split("/").reverse());
  }
  return done === "" ? "/" : done;
}
