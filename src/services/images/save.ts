import type { Digest } from "../../base/digest.ts";
import { parseRfc3339Nano } from "../../base/time.ts";
import type { OCIPlatform } from "../../spec/engine-api/mod.ts";
import {
  ARCHIVE_MANIFEST,
  ARCHIVE_REPOSITORIES,
  type DockerArchiveEntry,
  IMAGE_NAME_ANNOTATION,
  LAYOUT_FILE,
  LAYOUT_INDEX,
  REF_NAME_ANNOTATION,
  SUBJECT_ANNOTATION,
} from "../../spec/oci-image/archive.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { encodeIndex } from "../../spec/oci-image/index-document.ts";
import { normalizePlatform, type Platform } from "../../spec/oci-image/platform.ts";
import {
  familiarName,
  familiarString,
  fullName,
  fullString,
  type NamedReference,
  parseNormalized,
  tagNameOnly,
  withTag,
} from "../../spec/reference/reference.ts";
import { byteString, END_OF_ARCHIVE, encodeEntry, paddingOf } from "../../spec/tar/mod.ts";
import { readManifest, readTarget } from "./image-documents.ts";
import { publishImageEvent } from "./image-events.ts";
import type { ImageParts } from "./parts.ts";
import { type ResolvedImage, resolveImage } from "./resolve.ts";
import { storedReferrers, storedTree } from "./stored-tree.ts";
import type { StoredVariant } from "./variants.ts";

interface ImageToSave {
  /** The manifest or index that the archive's index lists. */
  readonly target: Digest;
  /** The platform that readers of docker's own form get. */
  readonly primary: StoredVariant;
  /** Manifests to save with what belongs to them; undefined for all that are stored. */
  readonly only: ReadonlySet<Digest> | undefined;
  readonly names: NamedReference[];
}

/**
 * One archive of all the images, readable as docker's archive and as an OCI layout. The same images give the same bytes.
 * An index is saved as it is, with the platforms that are stored or asked for; of one platform only its manifest is.
 * Attestations go with what they attest, and referrers with their subject.
 * Errors: notFound, before the first byte. What is saved stays while it is read.
 * Source: OCI image-spec v1.1, image-layout.md; Docker image specification v1.3.
 */
export async function saveImages(
  parts: ImageParts,
  names: readonly string[],
  options: { readonly platforms: readonly OCIPlatform[]; readonly signal: AbortSignal },
): Promise<AsyncIterable<Uint8Array>> {
  const images = collectImages(parts, names, options.platforms.map(normalizePlatform));
  return writeArchive(parts, images, options.signal);
}

function collectImages(
  parts: ImageParts,
  names: readonly string[],
  platforms: readonly Platform[],
): ImageToSave[] {
  const images = new Map<Digest, ImageToSave>();
  const add = (text: string, found: ResolvedImage, reference: NamedReference | undefined) => {
    const image = selectPlatforms(parts, text, found, platforms);
    const known = images.get(image.target) ?? image;
    images.set(image.target, known);
    if (reference?.tag === undefined) return;
    const tagged = withTag(reference, reference.tag);
    if (!known.names.some((name) => fullString(name) === fullString(tagged))) known.names.push(tagged);
  };
  for (const text of names) {
    const repository = wholeRepository(parts, text);
    if (repository) {
      for (const name of repository) add(familiarString(name), resolveImage(parts, fullString(name)), name);
      continue;
    }
    const found = resolveImage(parts, text);
    add(text, found, found.reference && tagNameOnly(found.reference));
  }
  return [...images.values()];
}

function selectPlatforms(
  parts: ImageParts,
  text: string,
  { image, manifest, target }: ResolvedImage,
  platforms: readonly Platform[],
): ImageToSave {
  const primary = { image, manifest };
  if (platforms.length === 0) return { target, primary, only: undefined, names: [] };
  const variants = platforms.map((platform) => resolveImage(parts, text, platform));
  const only = new Set(variants.map((variant) => variant.manifest));
  const kept = only.has(manifest) ? primary : variants[0]!;
  return { target: platforms.length === 1 ? kept.manifest : target, primary: kept, only, names: [] };
}

/** All tags of a repository where `text` is a name without tag, as docker saves it; undefined for everything else. */
function wholeRepository(parts: ImageParts, text: string) {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(text) || text.startsWith("sha256:")) return undefined;
  const reference = parseNormalized(text);
  if (reference.tag !== undefined || reference.digest !== undefined) return undefined;
  const tagged = parts.images
    .listNames()
    .map((entry) => parseNormalized(entry.name))
    .filter((name) => name.tag !== undefined && fullName(name) === fullName(reference));
  return tagged.length > 0 ? tagged : undefined;
}

interface Blob {
  readonly digest: Digest;
  readonly createdSeconds: number;
}

async function* writeArchive(
  parts: ImageParts,
  images: readonly ImageToSave[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  await using lease = parts.leases.create("save");
  const blobs = new Map<Digest, Blob>();
  const entries: Descriptor[] = [];
  const referrers = new Map<Digest, Descriptor>();
  const archive: DockerArchiveEntry[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  const saved = new Set<string>(images.map(({ primary }) => primary.image.id));
  for (const { target, primary, only, names } of images) {
    const { descriptor } = await readTarget(parts, target);
    const createdSeconds = Number((parseRfc3339Nano(primary.image.created) ?? 0n) / 1_000_000_000n);
    const tree = await storedTree(parts, target, only);
    for (const digest of tree) {
      lease.add({ kind: "content", key: digest });
      if (!blobs.has(digest)) blobs.set(digest, { digest, createdSeconds });
    }
    entries.push(...indexEntries(descriptor, names));
    for (const { subject, descriptor: referrer } of await storedReferrers(parts, tree)) {
      referrers.set(referrer.digest, withSubject(referrer, subject));
    }
    const manifest = await readManifest(parts, primary.manifest);
    const parent = saved.has(primary.image.parent ?? "") ? primary.image.parent : undefined;
    archive.push({
      Config: blobPath(manifest.config.digest),
      RepoTags: names.map(familiarString),
      Layers: manifest.layers.map(({ digest }) => blobPath(digest)),
      ...(parent && { Parent: parent }),
    });
    const top = manifest.layers.at(-1);
    for (const name of names) {
      repositories[familiarName(name)] ??= {};
      repositories[familiarName(name)]![name.tag!] = (top ?? manifest.config).digest.replace(/^[^:]*:/, "");
    }
  }
  yield* directory("blobs/");
  yield* directory("blobs/sha256/");
  for (const blob of [...blobs.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1))) {
    yield* blobEntry(parts, blob, signal);
  }
  yield* document(LAYOUT_INDEX, encodeIndex({ manifests: [...entries, ...referrers.values()] }));
  yield* document(ARCHIVE_MANIFEST, Buffer.from(JSON.stringify(archive)));
  yield* document(LAYOUT_FILE, Buffer.from('{"imageLayoutVersion": "1.0.0"}'));
  if (Object.keys(repositories).length > 0) {
    yield* document(ARCHIVE_REPOSITORIES, Buffer.from(JSON.stringify(repositories)));
  }
  yield END_OF_ARCHIVE;
  for (const { primary } of images) {
    publishImageEvent(parts, "save", primary.image.id, primary.image.id, primary.image);
  }
}

/** Containerd's way to tell in an archive's index what an entry refers to. */
function withSubject(descriptor: Descriptor, subject: Digest): Descriptor {
  return { ...descriptor, annotations: { ...descriptor.annotations, [SUBJECT_ANNOTATION]: subject } };
}

function indexEntries(descriptor: Descriptor, names: readonly NamedReference[]): Descriptor[] {
  if (names.length === 0) return [descriptor];
  return names.map((name) => ({
    ...descriptor,
    annotations: { [IMAGE_NAME_ANNOTATION]: fullString(name), [REF_NAME_ANNOTATION]: name.tag! },
  }));
}

function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function header(name: string, sizeBytes: number, seconds: number, isDirectory: boolean): Buffer {
  return encodeEntry({
    type: isDirectory ? "directory" : "file",
    name: byteString(name),
    linkName: "",
    mode: isDirectory ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    mtimeSeconds: seconds,
    mtimeNanoseconds: 0,
    sizeBytes,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(),
  });
}

function* directory(name: string): Generator<Uint8Array> {
  yield header(name, 0, 0, true);
}

function* document(name: string, bytes: Uint8Array): Generator<Uint8Array> {
  yield header(name, bytes.byteLength, 0, false);
  yield bytes;
  yield paddingOf(bytes.byteLength);
}

async function* blobEntry(parts: ImageParts, blob: Blob, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { sizeBytes } = await parts.content.info(blob.digest);
  yield header(blobPath(blob.digest), sizeBytes, Math.max(0, blob.createdSeconds), false);
  for await (const chunk of parts.content.read(blob.digest)) {
    signal.throwIfAborted();
    yield chunk;
  }
  yield paddingOf(sizeBytes);
}
