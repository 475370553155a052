import type { ImageTarget } from "../../core/snapshots/snapshotter.ts";
import { TarReader } from "../../spec/tar/mod.ts";
import { ImageWriter } from "./image-writer.ts";

/**
 * The image of a layer, made while nothing below it was known, says of the directories that the layer only implies what
 * `target.parents` say. Its metadata is made anew from the tar that is in it. Runs on this thread. Idempotent; after a
 * crash in between it is to be made again.
 */
export function reindexImage(target: ImageTarget): void {
  using writer = ImageWriter.reopen(target);
  const reader = new TarReader(writer);
  for (const bytes of writer.storedArchive()) reader.push(bytes);
  reader.finish();
  writer.finish();
}
