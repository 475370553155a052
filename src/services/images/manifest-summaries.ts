import type { Digest } from "../../base/digest.ts";
import type { ImageManifestSummary } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { isAttestation } from "../../spec/oci-image/index-document.ts";
import { isIndexType, isManifestType } from "../../spec/oci-image/media-types.ts";
import { type Platform, parsePlatform } from "../../spec/oci-image/platform.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { identityOf } from "./identity.ts";
import { readManifest, readTarget } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";
import { type StoredVariant, storedVariants } from "./variants.ts";

/**
 * The manifests that a target leads to: those of an index, also of platforms that are not stored, or its only one.
 * Source: Engine API v1.47, `ImageManifestSummary`.
 */
export async function describeManifests(
  parts: ImageParts,
  target: Digest,
  { identity }: { readonly identity: boolean },
): Promise<ImageManifestSummary[]> {
  const variants = storedVariants(parts.images, target);
  const entries = await entriesOf(parts, target);
  return Promise.all(
    entries.map((entry) =>
      describeManifest(
        parts,
        entry,
        variants.find(({ manifest }) => manifest === entry.digest),
        identity,
      ),
    ),
  );
}

/** Manifests below a target; indexes in indexes are opened where they are stored. */
async function entriesOf(parts: ImageParts, target: Digest): Promise<readonly Descriptor[]> {
  const { descriptor, index } = await readTarget(parts, target);
  if (!index) return [descriptor];
  const entries: Descriptor[] = [];
  for (const entry of index.manifests) {
    const nested = isIndexType(entry.mediaType) && (await parts.content.has(entry.digest));
    if (nested) entries.push(...(await entriesOf(parts, entry.digest)));
    else entries.push(entry);
  }
  return entries;
}

async function describeManifest(
  parts: ImageParts,
  entry: Descriptor,
  variant: StoredVariant | undefined,
  identity: boolean,
): Promise<ImageManifestSummary> {
  const { contentBytes, available } = await storedContent(parts, entry);
  const unpackedBytes = variant?.image.sizeBytes ?? 0;
  const base = {
    ID: entry.digest,
    Descriptor: toApiDescriptor(entry),
    Available: available,
    Size: { Content: contentBytes, Total: contentBytes + unpackedBytes },
  };
  if (isAttestation(entry)) {
    const For = entry.annotations?.["vnd.docker.reference.digest"] ?? "";
    return { ...base, Kind: "attestation", AttestationData: { For } };
  }
  if (!isManifestType(entry.mediaType)) return { ...base, Kind: "unknown" };
  const origin = identity && variant ? identityOf(parts, variant.image.id) : undefined;
  const users = variant ? parts.users.list().filter(({ imageId }) => imageId === variant.image.id) : [];
  return {
    ...base,
    Kind: "image",
    ImageData: {
      Platform: toApiDescriptor({ ...entry, platform: entry.platform ?? platformOf(variant) }).platform!,
      ...(origin && { Identity: origin }),
      Containers: users.map(({ containerId }) => containerId),
      Size: { Unpacked: unpackedBytes },
    },
  };
}

function platformOf(variant: StoredVariant | undefined): Platform {
  return variant ? parsePlatform(variant.image.platform) : { os: "", architecture: "" };
}

async function storedContent(parts: ImageParts, entry: Descriptor) {
  if (!isManifestType(entry.mediaType) || !(await parts.content.has(entry.digest))) {
    return { contentBytes: 0, available: false };
  }
  const manifest = await readManifest(parts, entry.digest);
  let contentBytes = entry.size;
  let available = true;
  for (const blob of [manifest.config, ...manifest.layers]) {
    if (await parts.content.has(blob.digest)) contentBytes += blob.size;
    else available = false;
  }
  return { contentBytes, available };
}
