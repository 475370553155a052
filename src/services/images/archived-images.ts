import type { Digest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { RemoteDocument } from "../../core/remotes/remote.ts";
import { detectCompression } from "../../drivers/layers/decompress.ts";
import {
  ARCHIVE_MANIFEST,
  type DockerArchiveEntry,
  IMAGE_NAME_ANNOTATION,
  LAYOUT_FILE,
  LAYOUT_INDEX,
  parseArchiveManifest,
  parseLayout,
  REF_NAME_ANNOTATION,
} from "../../spec/oci-image/archive.ts";
import { platformOfConfig } from "../../spec/oci-image/config.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { isAttestation, MAX_INDEX_DEPTH, parseIndex } from "../../spec/oci-image/index-document.ts";
import { encodeManifest, type Manifest, parseManifest } from "../../spec/oci-image/manifest.ts";
import {
  isConfigType,
  isIndexType,
  isManifestType,
  layerTypeFor,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
} from "../../spec/oci-image/media-types.ts";
import { type Platform, strictPlatformRank } from "../../spec/oci-image/platform.ts";
import { type NamedReference, parseNormalized, tagNameOnly } from "../../spec/reference/reference.ts";
import type { ArchivedFile, ArchiveFiles } from "./archive-reader.ts";
import { claimContent } from "./claims.ts";
import { readConfig } from "./image-documents.ts";
import type { ImageParts } from "./parts.ts";
import { selectManifest } from "./select-manifest.ts";
import { isDocumentType } from "./stored-tree.ts";
import { writeDocument } from "./write-blob.ts";

/** One platform of an image in an archive. */
export interface ArchivedVariant {
  readonly manifest: Manifest;
  readonly descriptor: Descriptor;
}

/** An image as an archive describes it. */
export interface ArchivedImage {
  readonly names: readonly NamedReference[];
  /** What names point to: a manifest or an index. */
  readonly target: Digest;
  /** At least one. */
  readonly variants: readonly ArchivedVariant[];
}

/** What an archive holds. */
export interface ArchivedImages {
  readonly images: readonly ArchivedImage[];
  /** Manifests that say something of others, such as signatures. */
  readonly referrers: readonly Referrer[];
}

/** A manifest or index and what it refers to. */
export interface Referrer {
  readonly subject: Digest;
  readonly digest: Digest;
}

/** An archive whose files are in the store. */
export interface Load {
  readonly parts: ImageParts;
  readonly lease: Lease;
  readonly files: ArchiveFiles;
  /** Only these; empty for all. */
  readonly platforms: readonly Platform[];
}

/**
 * The images of an archive that was read into the store: those of its OCI layout where it has one, else those of docker's
 * `manifest.json`. All that they name is under the lease.
 * Errors: invalidArgument for a broken or hostile archive; notFound where a platform that was asked for is not in it.
 */
export async function findArchivedImages(load: Load): Promise<ArchivedImages> {
  const layout = load.files.find(LAYOUT_FILE);
  const index = load.files.find(LAYOUT_INDEX);
  if (layout && index) {
    parseLayout(await load.parts.content.readAll(layout.digest));
    return findLayoutImages(load, index);
  }
  const manifest = load.files.find(ARCHIVE_MANIFEST);
  if (!manifest) throw invalidArgument("open manifest.json: no such file or directory");
  const entries = parseArchiveManifest(await load.parts.content.readAll(manifest.digest));
  const images: ArchivedImage[] = [];
  for (const entry of entries) {
    const image = await describeArchiveEntry(load, entry);
    if (image) images.push(image);
  }
  return { images, referrers: [] };
}

/** Images of an OCI layout. Entries of one document with several names become one image. */
async function findLayoutImages(load: Load, indexFile: ArchivedFile): Promise<ArchivedImages> {
  const index = parseIndex(await load.parts.content.readAll(indexFile.digest), OCI_INDEX);
  const images = new Map<Digest, ArchivedImage>();
  const referrers: Referrer[] = [];
  for (const entry of index.manifests) {
    if (isAttestation(entry) || !isDocumentType(entry.mediaType)) continue;
    const subject = await subjectOf(load, entry);
    if (subject) {
      // Signatures of older tools look like images, but for this.
      referrers.push({ subject: subject.digest, digest: entry.digest });
      continue;
    }
    const names = layoutNames(entry);
    const known = images.get(entry.digest);
    if (known) images.set(entry.digest, { ...known, names: [...known.names, ...names] });
    else {
      const variants = await findVariants(load, entry);
      if (variants.length > 0) images.set(entry.digest, { names, target: entry.digest, variants });
    }
  }
  return { images: [...images.values()], referrers };
}

async function subjectOf(load: Load, entry: Descriptor): Promise<Descriptor | undefined> {
  const { bytes } = await fetchStored(load, entry);
  const { mediaType } = entry;
  return (isIndexType(mediaType) ? parseIndex(bytes, mediaType) : parseManifest(bytes, mediaType)).subject;
}

/** The platforms of an entry: all that are in the archive, or those asked for. */
async function findVariants(load: Load, entry: Descriptor): Promise<ArchivedVariant[]> {
  const document = await fetchStored(load, entry);
  if (!isIndexType(entry.mediaType)) {
    const variant = await describeManifest(load, document);
    return variant && (await fitsPlatforms(load, variant)) ? [variant] : [];
  }
  const found: ArchivedVariant[] = [];
  for (const manifest of await manifestsIn(load, document)) {
    const variant = await describeManifest(load, manifest);
    if (variant && !found.some(({ descriptor }) => descriptor.digest === variant.descriptor.digest)) {
      found.push(variant);
    }
  }
  return found;
}

async function manifestsIn(load: Load, document: RemoteDocument): Promise<RemoteDocument[]> {
  const fetch = (inner: Descriptor) => fetchStored(load, inner);
  if (load.platforms.length === 0) return storedManifests(load, document, 0);
  const selected: RemoteDocument[] = [];
  for (const platform of load.platforms) {
    selected.push((await selectManifest(document, platform, fetch)).manifest);
  }
  return selected;
}

/** Manifests of images below an index that the archive has; an index may be saved with some of its platforms only. */
async function storedManifests(
  load: Load,
  document: RemoteDocument,
  depth: number,
): Promise<RemoteDocument[]> {
  const { mediaType } = document.descriptor;
  if (!isIndexType(mediaType)) return [document];
  if (depth >= MAX_INDEX_DEPTH) throw invalidArgument("image indexes are nested too deeply");
  const found: RemoteDocument[] = [];
  for (const entry of parseIndex(document.bytes, mediaType).manifests) {
    const wanted = !isAttestation(entry) && isDocumentType(entry.mediaType);
    if (!wanted || !load.files.find(blobPath(entry.digest))) continue;
    found.push(...(await storedManifests(load, await fetchStored(load, entry), depth + 1)));
  }
  return found;
}

function layoutNames(entry: Descriptor): NamedReference[] {
  const name = entry.annotations?.[IMAGE_NAME_ANNOTATION] ?? entry.annotations?.[REF_NAME_ANNOTATION];
  if (name === undefined) return [];
  // A bare tag (`latest`) names no repository: as docker, such an image is loaded without a name.
  if (entry.annotations?.[IMAGE_NAME_ANNOTATION] === undefined && !/[:/]/.test(name)) return [];
  return [tagNameOnly(parseNormalized(name))];
}

async function fetchStored(load: Load, descriptor: Descriptor): Promise<RemoteDocument> {
  if (!load.files.find(blobPath(descriptor.digest))) {
    throw invalidArgument(`the archive lacks ${descriptor.digest}, which its index names`);
  }
  const bytes = await load.parts.content.readAll(descriptor.digest);
  if (bytes.byteLength !== descriptor.size)
    throw invalidArgument(`${descriptor.digest} has another size than its descriptor`);
  return { descriptor, bytes };
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** The image of a manifest; undefined for an artefact that is no image. */
async function describeManifest(load: Load, document: RemoteDocument): Promise<ArchivedVariant | undefined> {
  const { descriptor, bytes } = document;
  if (!isManifestType(descriptor.mediaType)) return undefined;
  const manifest = parseManifest(bytes, descriptor.mediaType);
  if (!isConfigType(manifest.config.mediaType)) return undefined;
  for (const blob of [manifest.config, ...manifest.layers]) {
    if (!(await claimContent(load.parts, load.lease, blob.digest))) {
      throw invalidArgument(`the archive lacks ${blob.digest}, which a manifest names`);
    }
  }
  return { manifest, descriptor };
}

async function fitsPlatforms(load: Load, { manifest }: ArchivedVariant): Promise<boolean> {
  if (load.platforms.length === 0) return true;
  const platform = platformOfConfig(await readConfig(load.parts, manifest.config.digest));
  return load.platforms.some((wanted) => strictPlatformRank(wanted, platform) !== undefined);
}

/** Gives an image of docker's older archives, which have no OCI manifest, one. */
async function describeArchiveEntry(
  load: Load,
  entry: DockerArchiveEntry,
): Promise<ArchivedImage | undefined> {
  const { parts, lease, files } = load;
  const config = mustFind(files, entry.Config);
  const layers: Descriptor[] = [];
  for (const path of entry.Layers) {
    const file = mustFind(files, path);
    layers.push({
      mediaType: await layerType(parts, file.digest),
      digest: file.digest,
      size: file.sizeBytes,
    });
  }
  const bytes = encodeManifest({
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.sizeBytes },
    layers,
  });
  const descriptor = await writeDocument(parts, lease, bytes, OCI_MANIFEST);
  const variant = { manifest: parseManifest(bytes, OCI_MANIFEST), descriptor };
  if (!(await fitsPlatforms(load, variant))) return undefined;
  return {
    names: entry.RepoTags.map((name) => tagNameOnly(parseNormalized(name))),
    target: descriptor.digest,
    variants: [variant],
  };
}

function mustFind(files: ArchiveFiles, path: string): ArchivedFile {
  const file = files.find(path);
  if (!file) throw invalidArgument(`open ${path}: no such file or directory`);
  return file;
}

async function layerType(parts: ImageParts, digest: Digest): Promise<string> {
  for await (const start of parts.content.read(digest)) return layerTypeFor(detectCompression(start));
  return layerTypeFor("none");
}
