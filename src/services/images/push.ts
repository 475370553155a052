import type { Digest } from "../../base/digest.ts";
import { shortId } from "../../base/ids.ts";
import type { ImageRecord } from "../../core/images/image-store.ts";
import type { RegistryCredentials, RemoteRepository } from "../../core/remotes/remote.ts";
import type { OCIPlatform, ProgressMessage } from "../../spec/engine-api/mod.ts";
import type { Descriptor } from "../../spec/oci-image/descriptor.ts";
import { parseIndex } from "../../spec/oci-image/index-document.ts";
import { parseManifest } from "../../spec/oci-image/manifest.ts";
import { isForeignLayerType, isIndexType, isManifestType } from "../../spec/oci-image/media-types.ts";
import { normalizePlatform } from "../../spec/oci-image/platform.ts";
import {
  familiarName,
  familiarString,
  fullName,
  type NamedReference,
  parseNormalized,
  trimNamed,
  withTag,
} from "../../spec/reference/reference.ts";
import { toApiDescriptor } from "./api-descriptor.ts";
import { waitForSlot } from "./download-blob.ts";
import { asTransferError, nothingToPush, wrongPlatform } from "./errors.ts";
import { readManifest, readTarget } from "./image-documents.ts";
import { publishImageEvent } from "./image-events.ts";
import type { ImageParts } from "./parts.ts";
import { type Report, reportBytes, reportRetries, streamProgress } from "./progress-stream.ts";
import { listByTag } from "./referrers-tag.ts";
import { findByName } from "./resolve.ts";
import { storedReferrers, storedTree } from "./stored-tree.ts";
import { variantFor } from "./variants.ts";

export interface PushOptions {
  readonly name: string;
  /** Empty for every tag of the name. */
  readonly tag: string;
  readonly platform: OCIPlatform | undefined;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

interface Push {
  readonly parts: ImageParts;
  readonly remote: RemoteRepository;
  /** Repository on the same registry that the image came from: its blobs can be mounted. */
  readonly mountFrom: string | undefined;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Sends images to a registry. When the stream has ended without an error, the registry has them.
 * Errors: invalidArgument and notFound at once; from the stream permissionDenied, unavailable, internal (the registry
 * wants credentials).
 */
export function pushImage(parts: ImageParts, options: PushOptions): AsyncIterable<ProgressMessage> {
  const names = namesToPush(parts, options);
  return streamProgress(async (report, signal) => {
    const repository = trimNamed(names[0]!.reference);
    report({ status: `The push refers to repository [${fullName(repository)}]` });
    const { credentials } = options;
    const remote = parts.remotes.open(repository, { ...(credentials && { credentials }), signal });
    try {
      for (const named of names) {
        const mountFrom = mountSource(parts, named.image, named.reference);
        await pushOne({ parts, remote, mountFrom, report, signal }, named);
      }
    } catch (error) {
      throw asTransferError(error);
    }
  }, options.signal);
}

interface NamedImage {
  readonly reference: NamedReference;
  readonly image: ImageRecord;
  /** What the name points to. */
  readonly target: Digest;
  /** The manifest of the only platform to push; undefined for all that are there. */
  readonly onlyManifest: Digest | undefined;
}

function namesToPush(parts: ImageParts, options: PushOptions): NamedImage[] {
  const given = parseNormalized(options.name);
  const repository = trimNamed(given);
  const tag = options.tag || given.tag;
  const names = tag === undefined ? allTags(parts, repository) : [withTag(repository, tag)];
  const platform = options.platform && normalizePlatform(options.platform);
  const found = names.flatMap((reference): NamedImage[] => {
    const known = findByName(parts, reference);
    if (!known) return [];
    const variant = platform && variantFor(parts.images, known.target, platform);
    if (platform && !variant) throw wrongPlatform(familiarString(reference), platform);
    return [{ reference, image: known.image, target: known.target, onlyManifest: variant?.manifest }];
  });
  if (found.length === 0) throw nothingToPush(familiarName(repository));
  return found;
}

function allTags(parts: ImageParts, repository: NamedReference): NamedReference[] {
  return parts.images
    .listNames()
    .map(({ name }) => parseNormalized(name))
    .filter((name) => name.tag !== undefined && fullName(name) === fullName(repository));
}

function mountSource(parts: ImageParts, image: ImageRecord, target: NamedReference): string | undefined {
  const sources = parts.images.repoDigestsOf(image.id).map(({ repository }) => parseNormalized(repository));
  return sources.find((source) => source.domain === target.domain && source.path !== target.path)?.path;
}

async function pushOne(push: Push, named: NamedImage): Promise<void> {
  const { parts, remote, report } = push;
  const { reference, image } = named;
  const top = await documentToPush(push, named);
  await pushTree(push, top);
  const bytes = await parts.content.readAll(top.digest);
  const tag = reference.tag!;
  const digest = await remote.pushManifest(bytes, top.mediaType, tag);
  await pushReferrers(push, reference, top.digest);
  report({ status: `${tag}: digest: ${digest} size: ${bytes.byteLength}` });
  report({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: bytes.byteLength } });
  parts.images.addRepoDigest(image.id, { repository: fullName(reference), digest });
  publishImageEvent(parts, "push", familiarString(reference), familiarName(reference), image);
}

/**
 * The manifest that was asked for; else what the name points to, where all of it is stored; else the manifest of the
 * platform that the name means, and the client is told so.
 */
async function documentToPush(
  { parts, report }: Push,
  { target, image, onlyManifest }: NamedImage,
): Promise<Descriptor> {
  if (onlyManifest) return (await readTarget(parts, onlyManifest)).descriptor;
  const { descriptor } = await readTarget(parts, target);
  if (await isComplete(parts, descriptor)) return descriptor;
  const manifest = parts.images.variantsOf(target).find(({ imageId }) => imageId === image.id)?.manifest;
  const selected = (await readTarget(parts, manifest ?? image.manifest)).descriptor;
  report({
    progressDetail: {},
    aux: {
      manifestPushedInsteadOfIndex: true,
      originalIndex: toApiDescriptor(descriptor),
      selectedManifest: toApiDescriptor(selected),
    },
  });
  return selected;
}

/** Whether a document and everything below it are stored. */
async function isComplete(parts: ImageParts, { mediaType, digest }: Descriptor): Promise<boolean> {
  if (!(await parts.content.has(digest))) return false;
  if (isIndexType(mediaType)) {
    const { index } = await readTarget(parts, digest);
    for (const entry of index?.manifests ?? []) if (!(await isComplete(parts, entry))) return false;
  } else if (isManifestType(mediaType)) {
    const { config, layers } = await readManifest(parts, digest);
    for (const blob of [config, ...layers]) if (!(await isComplete(parts, blob))) return false;
  }
  return true;
}

/** Pushes everything below `top`; what the registry refers to must be there first. */
async function pushTree(push: Push, top: Descriptor): Promise<void> {
  const { parts, remote } = push;
  const bytes = await parts.content.readAll(top.digest);
  if (isManifestType(top.mediaType)) {
    const manifest = parseManifest(bytes, top.mediaType);
    const layers = manifest.layers.filter((layer) => !isForeignLayerType(layer.mediaType));
    // Beside the layers: by itself the config would cost as many round trips again.
    const config = pushBlobs({ ...push, report: () => undefined }, [manifest.config]);
    const results = await Promise.allSettled([pushBlobs(push, layers), config]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return;
  }
  for (const entry of parseIndex(bytes, top.mediaType).manifests) {
    await pushTree(push, entry);
    await remote.pushManifest(await parts.content.readAll(entry.digest), entry.mediaType, entry.digest);
  }
}

/** Pushes what refers to a document that is there now, and to those below it. */
async function pushReferrers(push: Push, reference: NamedReference, top: Digest): Promise<void> {
  const { parts, remote } = push;
  const bySubject = new Map<Digest, Descriptor[]>();
  for (const { subject, descriptor } of await storedReferrers(parts, await storedTree(parts, top))) {
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), descriptor]);
  }
  for (const [subject, descriptors] of bySubject) {
    for (const descriptor of descriptors) {
      await pushTree({ ...push, report: () => undefined }, descriptor);
      const bytes = await parts.content.readAll(descriptor.digest);
      await remote.pushManifest(bytes, descriptor.mediaType, descriptor.digest);
    }
    await listByTag(remote, reference, subject, descriptors);
  }
}

async function pushBlobs(push: Push, blobs: readonly Descriptor[]): Promise<void> {
  const unique = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  for (const blob of unique)
    push.report({ status: "Preparing", id: shortId(blob.digest), progressDetail: {} });
  const results = await Promise.allSettled(unique.map((blob) => pushBlob(push, blob)));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

async function pushBlob(push: Push, blob: Descriptor): Promise<void> {
  const { parts, remote, mountFrom, report, signal } = push;
  const id = shortId(blob.digest);
  using _slot = await waitForSlot(parts.uploads, report, id, signal);
  if (await remote.hasBlob(blob.digest)) {
    report({ status: "Layer already exists", id, progressDetail: {} });
    return;
  }
  if (mountFrom !== undefined && (await remote.mountBlob(blob.digest, mountFrom))) {
    report({ status: `Mounted from ${mountFrom}`, id, progressDetail: {} });
    return;
  }
  const { sizeBytes } = await parts.content.info(blob.digest);
  const progress = reportBytes(report, id, "Pushing", sizeBytes);
  const open = async function* () {
    let sent = 0;
    for await (const chunk of parts.content.read(blob.digest)) {
      yield chunk;
      sent += chunk.byteLength;
      progress(sent);
    }
  };
  await remote.pushBlob({ ...blob, size: sizeBytes }, open, reportRetries(report, id));
  report({ status: "Pushed", id, progressDetail: {} });
}
