import type { Digest } from "../../base/digest.ts";
import { invalidArgument, notFound } from "../../base/errors.ts";
import { type Descriptor, parseDescriptor } from "./descriptor.ts";
import { listOf, parseDocument, textMapOf, textOf } from "./document.ts";
import { declaredType, refuseKeys } from "./manifest.ts";
import { isIndexType, isManifestType, OCI_INDEX } from "./media-types.ts";
import { formatPlatform, type Platform, platformRank } from "./platform.ts";

/**
 * A list of manifests, usually one for each platform.
 * Source: OCI image-spec v1.1, image-index.md; Docker "Manifest List".
 */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An index in an index in an index is more than any image needs; more is refused. */
export const MAX_INDEX_DEPTH = 4;
const MAX_MANIFESTS = 1024;

/**
 * The index in `bytes`, which came under `mediaType`.
 * Errors: invalidArgument for a document that is too large, malformed, of another type than announced, or that also
 * reads as a manifest (CVE-2021-41190).
 */
export function parseIndex(bytes: Uint8Array, mediaType: string): ImageIndex {
  const object = parseDocument(bytes, "image index");
  const own = declaredType(object, mediaType, "image index");
  if (!isIndexType(own)) throw invalidArgument(`unsupported image index media type ${JSON.stringify(own)}`);
  refuseKeys(object, ["layers", "config", "fsLayers", "history"], "image index");
  const subject = object["subject"] == null ? undefined : parseDescriptor(object["subject"], "index subject");
  const artifactType = textOf(object["artifactType"], "index artifactType");
  const annotations = textMapOf(object["annotations"], "index annotations");
  if (!Array.isArray(object["manifests"])) throw invalidArgument("image index has no list of manifests");
  return {
    schemaVersion: 2,
    mediaType: own,
    manifests: listOf(object["manifests"], "image index manifests", MAX_MANIFESTS).map((entry, index) =>
      parseDescriptor(entry, `index entry ${index}`),
    ),
    ...(subject && { subject }),
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}

/** Whether an entry holds provenance or an SBOM and no image: BuildKit's attestation manifests. */
export function isAttestation(entry: Descriptor): boolean {
  return entry.annotations?.["vnd.docker.reference.type"] === "attestation-manifest";
}

/** The manifest that an entry is about: the one it attests, or itself. */
export function referredManifest(entry: Descriptor): Digest {
  const subject = isAttestation(entry) ? entry.annotations?.["vnd.docker.reference.digest"] : undefined;
  return (subject as Digest | undefined) ?? entry.digest;
}

/** Entries of an index that attest something of one of its manifests. */
export function attestationsOf(index: ImageIndex, manifest: Digest): Descriptor[] {
  return index.manifests.filter((entry) => isAttestation(entry) && referredManifest(entry) === manifest);
}

/** Entries that can hold an image for `wanted`, best first; entries without a platform and nested indexes come last. */
export function rankEntries(index: ImageIndex, wanted: Platform): Descriptor[] {
  const ranked: Array<{ entry: Descriptor; rank: number }> = [];
  for (const entry of index.manifests) {
    if (isAttestation(entry)) continue;
    if (!isManifestType(entry.mediaType) && !isIndexType(entry.mediaType)) continue;
    const rank = entry.platform ? platformRank(wanted, entry.platform) : Number.MAX_SAFE_INTEGER;
    if (rank !== undefined) ranked.push({ entry, rank });
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry);
}

/** Docker's answer to an index without the wanted platform. */
export function noMatchingPlatform(wanted: Platform): Error {
  return notFound(`no matching manifest for ${formatPlatform(wanted)} in the manifest list entries`);
}

/** The bytes of an OCI index. */
export function encodeIndex(index: Omit<ImageIndex, "schemaVersion" | "mediaType">): Uint8Array {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, ...index }));
}
