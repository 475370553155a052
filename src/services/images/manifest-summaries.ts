import type { ImageRecord } from "../../core/images/image-store.ts";
import type { ImageManifestSummary } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { isAttestation } from "../../spec/oci-image/index-document.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { isManifestType } from "../../spec/oci-image/media-types.ts";
import { parsePlatform } from "../../spec/oci-image/platform.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { readTarget } from "./image-documents.ts";
import { firstTarget } from "./names.ts";
import type { ImageParts } from "./parts.ts";

/** The manifests behind an image's name: those of its index, or its only one. Source: Engine API v1.47, `ImageManifestSummary`. */
export async function describeManifests(
  parts: ImageParts,
  image: ImageRecord,
): Promise<ImageManifestSummary[]> {
  const { descriptor, index } = await readTarget(parts, image, firstTarget(parts, image));
  const entries = index ? index.manifests : [{ ...descriptor, platform: parsePlatform(image.platform) }];
  return Promise.all(entries.map((entry) => describeManifest(parts, image, entry)));
}

async function describeManifest(
  parts: ImageParts,
  image: ImageRecord,
  entry: Descriptor,
): Promise<ImageManifestSummary> {
  const { contentBytes, available } = await storedContent(parts, entry);
  const holder = parts.images.list().find(({ manifest }) => manifest === entry.digest);
  const unpackedBytes = holder?.sizeBytes ?? 0;
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
  const users = parts.users.list().filter(({ imageId }) => imageId === holder?.id);
  return {
    ...base,
    Kind: "image",
    ImageData: {
      Platform: toApiDescriptor({ ...entry, platform: entry.platform ?? parsePlatform(image.platform) })
        .platform!,
      Containers: users.map(({ containerId }) => containerId),
      Size: { Unpacked: unpackedBytes },
    },
  };
}

async function storedContent(parts: ImageParts, entry: Descriptor) {
  if (!isManifestType(entry.mediaType) || !(await parts.content.has(entry.digest))) {
    return { contentBytes: 0, available: false };
  }
  const manifest = parseManifest(await parts.content.readAll(entry.digest), entry.mediaType);
  let contentBytes = entry.size;
  let available = true;
  for (const blob of [manifest.config, ...manifest.layers]) {
    if (await parts.content.has(blob.digest)) contentBytes += blob.size;
    else available = false;
  }
  return { contentBytes, available };
}
