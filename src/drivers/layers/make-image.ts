import type { ImageTarget } from "../../core/snapshots/snapshotter.ts";
import { TarReader } from "../../spec/tar/mod.ts";
import { ImageWriter } from "./image-writer.ts";
import { tarTree } from "./tar-tree.ts";

/**
 * The files of an overlay's upper directory, its whiteouts among them, are an EROFS image. Runs on this thread.
 * Errors: SyscallError; invalidArgument for trees that do not fit into an image.
 */
export function makeImage(upper: string, target: ImageTarget): void {
  using writer = new ImageWriter(target);
  const reader = new TarReader(writer);
  for (const block of tarTree({ kind: "overlayUpper", directory: upper, withRoot: true })) {
    writer.raw(block);
    reader.push(block);
  }
  reader.finish();
  writer.finish();
}
