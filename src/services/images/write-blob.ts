import { createHash } from "node:crypto";
import { type Digest, digestOf } from "../../base/digest.ts";
import { newId } from "../../base/ids.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { claimContent } from "./claims.ts";
import type { ImageParts } from "./parts.ts";

/** Stores a document under the lease; its descriptor. */
export async function writeDocument(
  parts: ImageParts,
  lease: Lease,
  bytes: Uint8Array,
  mediaType: string,
): Promise<Descriptor> {
  const digest = digestOf(bytes);
  if (!(await claimContent(parts, lease, digest))) {
    const ref = `document-${newId()}`;
    lease.add({ kind: "ingest", key: ref });
    await using writer = await parts.content.openIngest(ref, { totalBytes: bytes.byteLength });
    await writer.write(bytes);
    await writer.commit({ digest, sizeBytes: bytes.byteLength });
  }
  return { mediaType, digest, size: bytes.byteLength };
}

/** Stores a stream whose digest is not known before, under the lease. What does not end well leaves nothing behind. */
export async function writeStream(
  parts: ImageParts,
  lease: Lease,
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly digest: Digest; readonly sizeBytes: number }> {
  const ref = `stream-${newId()}`;
  lease.add({ kind: "ingest", key: ref });
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    await using writer = await parts.content.openIngest(ref);
    for await (const chunk of source) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      await writer.write(chunk);
    }
    const digest = `sha256:${hash.digest("hex")}` as Digest;
    await claimContent(parts, lease, digest);
    await writer.commit({ digest, sizeBytes });
    return { digest, sizeBytes };
  } catch (error) {
    await parts.content.abortIngest(ref);
    throw error;
  }
}
