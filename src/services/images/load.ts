import type { Digest } from "../../base/digest.ts";
import { invalidArgument } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { Lease } from "../../core/leases/lease-store.ts";
import type { RemoteDocument } from "../../core/remotes/remote.ts";
import { detectCompression } from "../../drivers/layers/decompress.ts";
import type { OCIPlatform, ProgressMessage } from "../../spec/engine-api/mod.ts";
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
import { parseImageConfig, platformOfConfig } from "../../spec/oci-image/config.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { isAttestation, parseIndex } from "../../spec/oci-image/index-document.ts";
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
import { normalizePlatform, type Platform, platformRank } from "../../spec/oci-image/platform.ts";
import {
  familiarString,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
} from "../../spec/reference/reference.ts";
import { applyLayer } from "./apply-layer.ts";
import { type ArchivedFile, type ArchiveFiles, readArchive } from "./archive-reader.ts";
import { claimContent } from "./claims.ts";
import { pairLayers } from "./fetch-image.ts";
import { sweepGarbage } from "./garbage.ts";
import { publishImageEvent } from "./image-events.ts";
import type { ImageParts } from "./parts.ts";
import { type Report, streamProgress } from "./progress-stream.ts";
import { recordImage } from "./record-image.ts";
import { selectManifest } from "./select-manifest.ts";
import { setTag } from "./tag.ts";
import { writeDocument } from "./write-blob.ts";

export interface LoadOptions {
  readonly content: AsyncIterable<Uint8Array>;
  readonly quiet: boolean;
  /** Only these; empty for all that the archive holds. */
  readonly platforms: readonly OCIPlatform[];
  readonly signal: AbortSignal;
}

/** An image as an archive describes it. */
interface FoundImage {
  readonly names: readonly NamedReference[];
  readonly manifest: Manifest;
  readonly descriptor: Descriptor;
  /** What names point to: the manifest, or the index that it was listed in. */
  readonly target: Digest;
}

interface Load {
  readonly parts: ImageParts;
  readonly lease: Lease;
  readonly files: ArchiveFiles;
  readonly platforms: readonly Platform[];
}

/**
 * Loads the images of an archive: docker's form, an OCI layout, or both in one. Images are stored, unpacked and named
 * when the stream has ended.
 * Errors, from the stream: invalidArgument for a broken or hostile archive.
 * Crash: images whose record was written are there; the rest is swept.
 */
export function loadImages(parts: ImageParts, options: LoadOptions): AsyncIterable<ProgressMessage> {
  return streamProgress(async (report, signal) => {
    try {
      await loadArchive(parts, options, report, signal);
    } catch (error) {
      // What a broken archive brought is of no use to anybody, and nothing else would look for it soon.
      await sweepGarbage(parts);
      throw error;
    }
  }, options.signal);
}

async function loadArchive(
  parts: ImageParts,
  options: LoadOptions,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  await using lease = parts.leases.create("load");
  const files = await readArchive(parts, lease, options.content);
  const load: Load = { parts, lease, files, platforms: options.platforms.map(normalizePlatform) };
  const images = await findImages(load);
  if (images.length === 0) throw invalidArgument("the archive has no image that can be loaded");
  for (const image of images) {
    signal.throwIfAborted();
    const record = await storeImage(load, image, options.quiet ? () => undefined : report, signal);
    announce(parts, image, record, report);
  }
}

async function findImages(load: Load): Promise<FoundImage[]> {
  const layout = load.files.find(LAYOUT_FILE);
  const index = load.files.find(LAYOUT_INDEX);
  if (layout && index) {
    parseLayout(await load.parts.content.readAll(layout.digest));
    return findLayoutImages(load, index);
  }
  const manifest = load.files.find(ARCHIVE_MANIFEST);
  if (!manifest) throw invalidArgument("open manifest.json: no such file or directory");
  const entries = parseArchiveManifest(await load.parts.content.readAll(manifest.digest));
  const images: FoundImage[] = [];
  for (const entry of entries) {
    const image = await describeArchiveEntry(load, entry);
    if (image) images.push(image);
  }
  return images;
}

/** Images of an OCI layout. Entries of one manifest with several names become one image. */
async function findLayoutImages(load: Load, indexFile: ArchivedFile): Promise<FoundImage[]> {
  const bytes = await load.parts.content.readAll(indexFile.digest);
  const index = parseIndex(bytes, OCI_INDEX);
  const images = new Map<string, FoundImage>();
  for (const entry of index.manifests) {
    if (isAttestation(entry)) continue;
    for (const image of await descendLayout(load, entry)) {
      const key = `${image.descriptor.digest} ${image.target}`;
      const known = images.get(key);
      images.set(key, known ? { ...known, names: [...known.names, ...image.names] } : image);
    }
  }
  return [...images.values()];
}

async function descendLayout(load: Load, entry: Descriptor): Promise<FoundImage[]> {
  const wanted = load.platforms.length > 0 ? load.platforms : [load.parts.platform];
  const names = layoutNames(entry);
  if (!isIndexType(entry.mediaType)) {
    const image = await describeManifest(load, await fetchStored(load, entry), entry.digest, names);
    return image && (await fitsPlatforms(load, image)) ? [image] : [];
  }
  const found: FoundImage[] = [];
  const document = await fetchStored(load, entry);
  for (const platform of wanted) {
    const { manifest } = await selectManifest(document, platform, (inner) => fetchStored(load, inner));
    const image = await describeManifest(load, manifest, entry.digest, names);
    if (image) found.push(image);
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
async function describeManifest(
  load: Load,
  document: RemoteDocument,
  target: Digest,
  names: readonly NamedReference[],
): Promise<FoundImage | undefined> {
  const { descriptor, bytes } = document;
  if (!isManifestType(descriptor.mediaType)) return undefined;
  const manifest = parseManifest(bytes, descriptor.mediaType);
  if (!isConfigType(manifest.config.mediaType)) return undefined;
  for (const blob of [manifest.config, ...manifest.layers]) {
    if (!(await claimContent(load.parts, load.lease, blob.digest))) {
      throw invalidArgument(`the archive lacks ${blob.digest}, which a manifest names`);
    }
  }
  return { names, manifest, descriptor, target };
}

async function fitsPlatforms(load: Load, image: FoundImage): Promise<boolean> {
  if (load.platforms.length === 0) return true;
  const config = parseImageConfig(await load.parts.content.readAll(image.manifest.config.digest));
  return load.platforms.some((wanted) => platformRank(wanted, platformOfConfig(config)) !== undefined);
}

/** Gives an image of docker's older archives, which have no OCI manifest, one. */
async function describeArchiveEntry(load: Load, entry: DockerArchiveEntry): Promise<FoundImage | undefined> {
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
  const image: FoundImage = {
    names: entry.RepoTags.map((name) => tagNameOnly(parseNormalized(name))),
    manifest: parseManifest(bytes, OCI_MANIFEST),
    descriptor,
    target: descriptor.digest,
  };
  return (await fitsPlatforms(load, image)) ? image : undefined;
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

async function storeImage(
  load: Load,
  image: FoundImage,
  report: Report,
  signal: AbortSignal,
): Promise<ImageRecord> {
  const { parts, lease } = load;
  const id = image.manifest.config.digest;
  const config = parseImageConfig(await parts.content.readAll(id));
  for (const layer of pairLayers(image.manifest, config)) {
    const id = shortId(layer.chainId);
    const total = layer.descriptor.size;
    report({ status: "Loading layer", id, progressDetail: { current: 0, total } });
    await applyLayer(parts, lease, layer, { signal });
    report({ status: "Loading layer", id, progressDetail: { current: total, total } });
  }
  return recordImage(parts, { config, id, manifest: image.descriptor, origin: "load" });
}

function announce(parts: ImageParts, image: FoundImage, record: ImageRecord, report: Report): void {
  for (const name of image.names) {
    setTag(parts, record, name, image.target);
    report({ stream: `Loaded image: ${familiarString(name)}\n` });
  }
  if (image.names.length === 0) report({ stream: `Loaded image ID: ${record.id}\n` });
  publishImageEvent(parts, "load", record.id, record.id, record);
}
