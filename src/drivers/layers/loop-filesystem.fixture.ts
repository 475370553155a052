import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of its own in a file, mounted at `path`. */
export interface LoopFilesystem extends Disposable {
  readonly path: string;
}

/** Makes a file system of `sizeBytes` with a program such as `mkfs.btrfs` and mounts it with `options`; undefined where this machine cannot. */
export function mountLoopFilesystem(
  mkfs: readonly string[],
  sizeBytes: number,
  options = "loop",
): LoopFilesystem | undefined {
  const folder = mkdtempSync(join(tmpdir(), "gantry-loop-"));
  const image = join(folder, "image");
  const path = join(folder, "mounted");
  mkdirSync(path);
  writeFileSync(image, "");
  truncateSync(image, sizeBytes);
  const run = (...command: string[]) => spawnSync(command[0]!, command.slice(1)).status === 0;
  const remove = () => rmSync(folder, { recursive: true });
  if (!run(...mkfs, image) || !run("mount", "-o", options, image, path)) {
    remove();
    return undefined;
  }
  return {
    path,
    [Symbol.dispose]() {
      spawnSync("umount", [path]);
      remove();
    },
  };
}
