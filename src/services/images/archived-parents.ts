import { isDeepStrictEqual } from "node:util";
import type { Digest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import { ARCHIVE_MANIFEST, parseArchiveManifest } from "../../spec/oci-image/archive.ts";
import type { Load } from "./archived-images.ts";
import { readConfig } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";

/**
 * Loaded images know which of the archive's other images they were made from, as docker's `manifest.json` tells it.
 * Errors: invalidArgument where the one's history does not go on from the other's.
 */
export async function linkArchivedParents({ parts, files }: Load): Promise<void> {
  const manifest = files.find(ARCHIVE_MANIFEST);
  if (!manifest) return;
  const entries = parseArchiveManifest(await parts.content.readAll(manifest.digest));
  const ids = entries.map((entry) => files.find(entry.Config)?.digest);
  for (const [index, { Parent: parentId }] of entries.entries()) {
    const image = imageOf(parts, ids[index]);
    const parent = imageOf(
      parts,
      ids.find((id) => id === parentId),
    );
    if (!image || !parent) continue;
    const { history } = await readConfig(parts, image.id);
    const { history: earlier } = await readConfig(parts, parent.id);
    // Without a history nothing would keep two images from being each other's parent.
    if (history.length === 0) continue;
    if (history.length !== earlier.length + 1 || !isDeepStrictEqual(history.slice(0, -1), earlier)) {
      throw invalidArgument(`image ${parent.id} is not a valid parent for ${image.id}`);
    }
    parts.images.put({ ...image, parent: parent.id });
  }
}

/** Undefined too for a platform that was not asked for. */
function imageOf({ images }: ImageParts, id: Digest | undefined): ImageRecord | undefined {
  return id && images.get(id);
}
