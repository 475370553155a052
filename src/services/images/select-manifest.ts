import { invalidArgument } from "../../base/errors.ts";
import type { RemoteDocument } from "../../core/remotes/remote.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import {
  MAX_INDEX_DEPTH,
  noMatchingPlatform,
  parseIndex,
  rankEntries,
} from "../../spec/oci-image/index-document.ts";
import { isIndexType } from "../../spec/oci-image/media-types.ts";
import type { Platform } from "../../spec/oci-image/platform.ts";

export interface SelectedManifest {
  readonly manifest: RemoteDocument;
  /** Indexes on the way to the manifest, outermost first. */
  readonly indexes: readonly RemoteDocument[];
}

/**
 * The manifest for `platform` that a document leads to. Entries are tried best first; an index in an index is followed
 * to a bounded depth.
 * Errors: notFound with docker's text where no entry fits; invalidArgument for malformed, ambiguous or too deep documents.
 */
export async function selectManifest(
  document: RemoteDocument,
  platform: Platform,
  fetch: (descriptor: Descriptor) => Promise<RemoteDocument>,
): Promise<SelectedManifest> {
  const selected = await descend(document, platform, fetch, []);
  if (!selected) throw noMatchingPlatform(platform);
  return selected;
}

async function descend(
  document: RemoteDocument,
  platform: Platform,
  fetch: (descriptor: Descriptor) => Promise<RemoteDocument>,
  above: readonly RemoteDocument[],
): Promise<SelectedManifest | undefined> {
  const { mediaType } = document.descriptor;
  if (!isIndexType(mediaType)) return { manifest: document, indexes: above };
  if (above.length >= MAX_INDEX_DEPTH) throw invalidArgument("image indexes are nested too deeply");
  const entries = rankEntries(parseIndex(document.bytes, mediaType), platform);
  const best = entries[0];
  if (!best) return undefined;
  const indexes = [...above, document];
  // Only nested indexes may have to be looked into one after the other; an entry that names the platform is the answer.
  if (!isIndexType(best.mediaType)) return { manifest: await fetch(best), indexes };
  for (const entry of entries.filter(({ mediaType: type }) => isIndexType(type))) {
    const found = await descend(await fetch(entry), platform, fetch, indexes);
    if (found) return found;
  }
  return undefined;
}
