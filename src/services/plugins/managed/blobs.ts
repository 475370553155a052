import { type Digest, digestOf, finishDigest, hexOf, startDigest } from "../../../base/digest.ts";
import { isKind } from "../../../base/errors.ts";
import { newId, shortId } from "../../../base/ids.ts";
import type { RemoteRepository } from "../../../core/remotes/remote.ts";
import type { Descriptor } from "../../../spec/oci-image/descriptor.ts";
import { type Report, reportBytes, reportRetries } from "../../images/mod.ts";
import type { ManagedPluginParts } from "./managed-plugin-parts.ts";

/** What names of downloads begin with. */
const DOWNLOAD = "blob-";

/** The document is stored; its descriptor. */
export async function storeDocument(
  { content }: ManagedPluginParts,
  bytes: Uint8Array,
  mediaType: string,
): Promise<Descriptor> {
  const digest = digestOf(bytes);
  await using writer = await content.openIngest(`document-${newId()}`);
  await writer.write(bytes);
  await writer.commit({ digest, sizeBytes: bytes.byteLength });
  return { mediaType, digest, size: bytes.byteLength };
}

/** The bytes are stored, whatever they are; their descriptor. What does not end well leaves nothing behind. */
export async function storeStream(
  { content }: ManagedPluginParts,
  source: AsyncIterable<Uint8Array>,
  mediaType: string,
): Promise<Descriptor> {
  const ref = `stream-${newId()}`;
  const hash = startDigest();
  try {
    await using writer = await content.openIngest(ref);
    for await (const chunk of source) {
      hash.update(chunk);
      await writer.write(chunk);
    }
    const size = writer.offsetBytes;
    const digest = finishDigest(hash);
    await writer.commit({ digest, sizeBytes: size });
    return { mediaType, digest, size };
  } catch (error) {
    await content.abortIngest(ref);
    throw error;
  }
}

/** A blob of the remote is stored. Bytes that an earlier try left are not fetched again. */
export async function fetchBlob(
  { content }: ManagedPluginParts,
  remote: RemoteRepository,
  descriptor: Descriptor,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const { digest, size } = descriptor;
  const id = shortId(digest);
  if (await content.has(digest)) return report({ status: "Already exists", id, progressDetail: {} });
  report({ status: "Pulling fs layer", id, progressDetail: {} });
  const receive = async (): Promise<boolean> => {
    await using writer = await content.openIngest(`${DOWNLOAD}${hexOf(digest)}`, { totalBytes: size });
    const resumed = writer.offsetBytes > 0;
    const part = await remote.fetchBlob(descriptor, writer.offsetBytes, reportRetries(report, id));
    if (part.startOffsetBytes !== writer.offsetBytes) await writer.truncate();
    const progress = reportBytes(report, id, "Downloading", size);
    for await (const chunk of part.bytes) {
      signal.throwIfAborted();
      await writer.write(chunk);
      progress(writer.offsetBytes);
    }
    try {
      await writer.commit({ digest, sizeBytes: size });
      return true;
    } catch (error) {
      if (resumed && isKind(error, "invalidArgument")) return false;
      throw error;
    }
  };
  // What an earlier try left was spoilt, and is gone now: once more from the start.
  if (!(await receive())) await receive();
  report({ status: "Download complete", id, progressDetail: {} });
}

/**
 * Blobs that no stored plug-in is made of are gone, and what was written of others; of a download's bytes the next try
 * makes use, unless `all` says that there will be none.
 */
export async function sweepBlobs(
  { content, store, locks }: ManagedPluginParts,
  { all = false }: { readonly all?: boolean } = {},
): Promise<void> {
  using _turn = await locks.acquire("blobs");
  const needed = new Set<Digest>(store.list().flatMap(({ manifest, blobs }) => [manifest, ...blobs]));
  for await (const { digest } of content.walk()) if (!needed.has(digest)) await content.delete(digest);
  for (const { ref } of await content.listIngests()) {
    if (all || !ref.startsWith(DOWNLOAD)) await content.abortIngest(ref);
  }
}
