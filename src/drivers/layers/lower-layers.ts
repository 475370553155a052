import { RootDir } from "../../os/linux/root-dir.ts";
import type { FileStat } from "../../os/linux/stat.ts";
import { byteString } from "../../spec/tar/mod.ts";
import { toFilePath } from "./entry-path.ts";
import { isOpaque, isWhiteout } from "./overlay-marks.ts";

/** The lower directories of an overlay as one tree, topmost first, without mounting them. */
export class LowerLayers implements Disposable {
  readonly #roots: readonly RootDir[];

  constructor(directories: readonly string[]) {
    this.#roots = directories.map((directory) => RootDir.open(directory));
  }

  /** What the lower layers together show at `path` (a byte string); undefined for nothing. */
  stat(path: string): FileStat | undefined {
    for (const root of this.#roots) {
      const verdict = look(root, path);
      if (verdict === "hidden") return undefined;
      if (verdict !== "unknown") return verdict;
    }
    return undefined;
  }

  /** Names that the lower layers together show in the directory `path`, sorted. */
  list(path: string): string[] {
    const names = new Set<string>();
    for (const root of this.#roots) {
      const stat = root.statIfExists(toFilePath(path));
      if (stat?.type !== "directory") continue;
      for (const { name } of root.list(toFilePath(path))) {
        names.add(byteString(name));
      }
    }
    return [...names].filter((name) => this.stat(path === "" ? name : `${path}/${name}`)).sort();
  }

  [Symbol.dispose](): void {
    for (const root of this.#roots) root.close();
  }
}

/** What one layer says of a path: a file, that no layer below counts, or nothing. */
function look(root: RootDir, path: string): FileStat | "hidden" | "unknown" {
  const parts = path.split("/");
  let prefix = "";
  let isHidden = false;
  for (const [index, part] of parts.entries()) {
    prefix = index === 0 ? part : `${prefix}/${part}`;
    const stat = root.statIfExists(toFilePath(prefix));
    if (!stat) return isHidden ? "hidden" : "unknown";
    if (isWhiteout(stat)) return "hidden";
    if (index === parts.length - 1) return stat;
    if (stat.type !== "directory") return "hidden";
    using node = root.openNode(toFilePath(prefix));
    isHidden ||= isOpaque(node);
  }
  return "unknown";
}
