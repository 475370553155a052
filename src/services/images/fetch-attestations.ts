import { invalidArgument, isKind, messageOf } from "../../base/errors.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { RemoteRepository } from "../../core/remotes/remote.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { attestationsOf, parseIndex } from "../../spec/oci-image/index-document.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { isManifestType } from "../../spec/oci-image/media-types.ts";
import { downloadBlob } from "./download-blob.ts";
import type { ImageParts } from "./parts.ts";
import type { SelectedManifest } from "./select-manifest.ts";
import { writeDocument } from "./write-blob.ts";

/** More than any statement takes; what is larger is left where it is. */
const MAX_STATEMENT_BYTES = 256 * 1024 * 1024;

/**
 * Stores what an index says of an image beside it: provenance and bills of materials. What the registry lacks or what is
 * malformed is left out, since the image itself is whole. Errors: what the connection says.
 */
export async function fetchAttestations(
  parts: ImageParts,
  lease: Lease,
  remote: RemoteRepository,
  { manifest, indexes }: SelectedManifest,
  signal: AbortSignal,
): Promise<void> {
  const index = indexes.at(-1);
  if (!index) return;
  const entries = attestationsOf(
    parseIndex(index.bytes, index.descriptor.mediaType),
    manifest.descriptor.digest,
  );
  for (const entry of entries) {
    try {
      await fetchAttestation(parts, lease, remote, entry, signal);
    } catch (error) {
      if (!isKind(error, "notFound") && !isKind(error, "invalidArgument")) throw error;
      parts.logger.warn({ attestation: entry.digest, error: messageOf(error) }, "attestation was left out");
    }
  }
}

async function fetchAttestation(
  parts: ImageParts,
  lease: Lease,
  remote: RemoteRepository,
  entry: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  if (!isManifestType(entry.mediaType)) throw invalidArgument(`unsupported media type ${entry.mediaType}`);
  const { bytes } = await remote.fetchManifest(entry);
  const { config, layers } = parseManifest(bytes, entry.mediaType);
  const blobs = [config, ...layers];
  const tooLarge = blobs.find(({ size }) => size > MAX_STATEMENT_BYTES);
  if (tooLarge) throw invalidArgument(`${tooLarge.digest} is larger than a statement may be`);
  for (const blob of blobs) await downloadBlob(parts, lease, remote, blob, { signal });
  await writeDocument(parts, lease, bytes, entry.mediaType);
}
