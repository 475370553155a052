import { digestOf } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import type { RegistryCredentials } from "../../core/remotes/remote.ts";
import type { DistributionInspect, OCIPlatform } from "../../spec/engine-api/mod.ts";
import { parseImageConfig, platformOfConfig } from "../../spec/oci-image/config.ts";
import { MAX_DOCUMENT_BYTES } from "../../spec/oci-image/document.ts";
import { isAttestation, parseIndex } from "../../spec/oci-image/index-document.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { isConfigType, isIndexType } from "../../spec/oci-image/media-types.ts";
import type { Platform } from "../../spec/oci-image/platform.ts";
import { parseNormalized, tagNameOnly } from "../../spec/reference/reference.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import type { ImageParts } from "./parts.ts";

/** What a registry says of a reference; nothing is stored. Errors: invalidArgument, notFound, permissionDenied, unauthenticated, unavailable. */
export async function inspectDistribution(
  parts: ImageParts,
  text: string,
  options: { readonly credentials: RegistryCredentials | undefined; readonly signal: AbortSignal },
): Promise<DistributionInspect> {
  const reference = tagNameOnly(parseNormalized(text));
  const { credentials, signal } = options;
  const remote = parts.remotes.open(reference, { ...(credentials && { credentials }), signal });
  const { descriptor, bytes } = await remote.resolve(reference);
  const Descriptor = toApiDescriptor(descriptor);
  if (isIndexType(descriptor.mediaType)) {
    const entries = parseIndex(bytes, descriptor.mediaType).manifests.filter(
      (entry) => !isAttestation(entry),
    );
    return {
      Descriptor,
      Platforms: entries.flatMap(({ platform }) => (platform ? [toApiPlatform(platform)] : [])),
    };
  }
  const { config } = parseManifest(bytes, descriptor.mediaType);
  if (!isConfigType(config.mediaType) || config.size > MAX_DOCUMENT_BYTES)
    return { Descriptor, Platforms: [] };
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await remote.fetchBlob(config, 0)).bytes) chunks.push(chunk);
  const document = Buffer.concat(chunks);
  if (digestOf(document) !== config.digest)
    throw invalidArgument(`image config does not have the digest ${config.digest}`);
  return { Descriptor, Platforms: [toApiPlatform(platformOfConfig(parseImageConfig(document)))] };
}

function toApiPlatform(platform: Platform): OCIPlatform {
  const { "os.features": features, ...plain } = platform;
  return { ...plain, ...(features && { "os.features": [...features] }) };
}
